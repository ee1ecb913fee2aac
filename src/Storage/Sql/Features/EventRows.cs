using System.Data.Common;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Windows;

namespace OrleansInference.Storage.Sql.Features;

/// <summary>The rows of a history as events.</summary>
internal sealed class EventRows
{
    private const string TimeColumn = "at";

    private readonly WindowView _view;
    private readonly DbDataReader _rows;
    private readonly int _time;
    private readonly int[] _fields;

    /// <exception cref="InvalidOperationException">A column is missing.</exception>
    public EventRows(WindowView view, DbDataReader rows)
    {
        (_view, _rows) = (view, rows);
        _time = Ordinal(TimeColumn);
        _fields = [.. view.Fields.Select(Ordinal)];
    }

    /// <summary>The present row.</summary>
    /// <exception cref="InvalidOperationException">A value is none that an event can have.</exception>
    public WindowEvent Read()
    {
        var time = _rows.GetValue(_time);
        if (!FeatureCell.TryReadTime(time, out var at) || at is null) throw Wrong(TimeColumn, time, "time");
        var values = new double[_fields.Length];
        for (var i = 0; i < values.Length; i++) values[i] = ReadNumber(_view.Fields[i], _rows.GetValue(_fields[i]));
        return new WindowEvent(at.Value.UtcTicks, values);
    }

    private double ReadNumber(string column, object value) => value switch
    {
        DBNull => double.NaN,
        string text when _view.OnlyDistinct(column) => WindowEvent.Hash(text),
        _ => FeatureCell.Read(value, FeatureType.Number)?.Number ?? throw Wrong(column, value, "number"),
    };

    private int Ordinal(string column) => _rows.FindColumn(column)
        ?? throw new InvalidOperationException($"Inference:FeatureViews:{_view.Name}:History:Sql gives no column '{column}'. Name one with AS {column}.");

    private InvalidOperationException Wrong(string column, object value, string wanted) =>
        new($"column '{column}' of the history of view {_view.Name} gave {value.GetType().Name} '{value}', which is no {wanted}.");
}
