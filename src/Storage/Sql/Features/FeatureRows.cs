using System.Data.Common;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;

namespace OrleansInference.Storage.Sql.Features;

/// <summary>Turns the rows of a view's query into features, by the names of the columns.</summary>
internal sealed class FeatureRows
{
    /// <summary>The column that says whose a row is, in a query for many users.</summary>
    public const string UserColumn = "user_id";

    private readonly FeatureView _view;
    private readonly DbDataReader _rows;
    private readonly int[] _ordinals;
    private readonly int _eventTime;

    /// <exception cref="FeatureDatabaseException">A column is missing.</exception>
    public FeatureRows(FeatureView view, DbDataReader rows)
    {
        (_view, _rows) = (view, rows);
        User = view.IsGrouped ? Ordinal(UserColumn) : -1;
        _ordinals = [.. view.Columns.Select(column => Ordinal(column.SourceName))];
        _eventTime = view.Options.EventTimeColumn is { } name ? Ordinal(name) : -1;
    }

    private int User { get; }

    /// <summary>Whose the present row is, in a query for many users.</summary>
    /// <exception cref="FeatureDatabaseException">It says nothing usable: then no row can be trusted to be anybody's.</exception>
    public string ReadUser() => UserIds.FromStored(_rows.GetValue(User)) ?? throw new FeatureDatabaseException(
        $"column '{UserColumn}' of view {_view.Name} gave {Quote(_rows.GetValue(User))}, but must be an integer or text, as the user's id is");

    /// <summary>The present row.</summary>
    public StoredRow Read()
    {
        var values = new FeatureValue[_ordinals.Length];
        for (var i = 0; i < values.Length; i++)
        {
            if (FeatureCell.Read(Value(_ordinals[i]), _view.Columns[i].Type) is not { } value)
                return new StoredRow([], null, $"column '{_view.Columns[i].SourceName}' of view {_view.Name} gave {Quote(Value(_ordinals[i]))}, but is declared as {_view.Columns[i].Type}");
            values[i] = value;
        }

        if (_eventTime < 0) return new StoredRow(values);
        return FeatureCell.TryReadTime(Value(_eventTime), out var eventTime)
            ? new StoredRow(values, eventTime)
            : new StoredRow([], null, $"column '{_view.Options.EventTimeColumn}' of view {_view.Name} gave {Quote(Value(_eventTime))}, but is its EventTimeColumn: a timestamp, ISO 8601 or Unix seconds");
    }

    private object Value(int ordinal)
    {
        try
        {
            return _rows.GetValue(ordinal);
        }
        catch (Exception e) when (e is OverflowException or InvalidCastException)
        {
            // A numeric beyond what .NET can hold, or a type that the driver does not know.
            return e;
        }
    }

    private int Ordinal(string column) => _rows.FindColumn(column) ?? throw new FeatureDatabaseException($"the query of view {_view.Name} gives no column '{column}'");

    private static string Quote(object value) => value is Exception e ? $"a value that cannot be read ({e.Message})" : $"{value.GetType().Name} '{FieldError.Quote($"{value}")}'";
}
