using OrleansInference.Grains.Features.Views;

namespace OrleansInference.Grains.Features.Windows;

/// <summary>Features over a user's events in sliding windows. The events live in the user's grain, see <see cref="EventWindow"/>.</summary>
public sealed class WindowView : IFeatureView
{
    private readonly WindowColumn[] _columns;
    private readonly string[] _fields;

    /// <exception cref="InferenceStartupException">A setting is missing, unknown or out of range.</exception>
    public WindowView(string name, WindowViewOptions options)
    {
        var section = $"Inference:FeatureViews:{name}";
        if (!string.Equals(options.Kind, WindowViewOptions.WindowKind, StringComparison.OrdinalIgnoreCase))
            throw new InferenceStartupException($"{section}:Kind is '{options.Kind}'. Set it to {WindowViewOptions.WindowKind}, or remove it for a view by a query.");
        if (options.Columns.Count == 0) throw new InferenceStartupException($"{section}:Columns is empty. List the features that this view gives.");

        Name = name;
        Options = options;
        _columns = [.. options.Columns.Select(column => WindowColumn.Compile($"{section}:Columns:{column.Key}", column.Key, column.Value))];
        _fields = [.. _columns.Select(column => column.Field).OfType<string>().Distinct().Order(StringComparer.Ordinal)];
        Columns = [.. _columns.Select(column => column.Feature)];
        Scan = new WindowScan(_columns, _fields);
        Horizon = _columns.Max(column => column.Length) + options.AllowedLateness.Ticks;
    }

    public string Name { get; }

    public WindowViewOptions Options { get; }

    public IReadOnlyList<FeatureColumn> Columns { get; }

    public IReadOnlyList<string> RequestFields => [];

    /// <summary>The fields that events have, in the order in which their values are kept.</summary>
    public IReadOnlyList<string> Fields => _fields;

    /// <summary>How far behind the newest event one can still count, in ticks.</summary>
    public long Horizon { get; }

    internal WindowScan Scan { get; }

    /// <summary>Whether nothing but different values of a field are counted, so that it may be text.</summary>
    public bool OnlyDistinct(string field) => _columns.Where(column => column.Field == field).All(column => column.Aggregate is WindowAggregate.Distinct);

    /// <summary>Not without the user: see <see cref="EventWindow.Read"/>.</summary>
    public ValueTask<FeatureRow> ReadAsync(FeatureQuery query) => throw new NotSupportedException($"The events of {Name} are in the user's grain.");
}
