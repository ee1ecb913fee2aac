namespace OrleansInference.Grains.Features.Windows;

/// <summary>Computes all columns of a view in one walk from the newest event to the oldest: each window holds the shorter ones.</summary>
internal sealed class WindowScan
{
    private readonly int _fields;
    private readonly Window[] _windows;
    private readonly int _cells;
    private readonly bool _countsDistinct;

    public WindowScan(IReadOnlyList<WindowColumn> columns, IReadOnlyList<string> fields)
    {
        _fields = fields.Count;
        _cells = columns.Count;
        _countsDistinct = columns.Any(column => column.Aggregate is WindowAggregate.Distinct);
        _windows =
        [
            .. columns.Select((column, place) => (column, place)).GroupBy(one => one.column.Length).OrderBy(group => group.Key).Select(group => new Window(
                group.Key,
                [.. group.Select(one => new Cell(one.place, one.column.Aggregate, one.column.Field is { } field ? IndexOf(fields, field) : -1, one.column.Feature.Default))])),
        ];
    }

    /// <summary>The values of all columns at an instant: windows end with it, and begin after it minus their length.</summary>
    public FeatureValue[] Read(in EventSpan events, long at)
    {
        var values = new FeatureValue[_cells];
        Span<FieldTotals> totals = stackalloc FieldTotals[_fields];
        totals.Fill(FieldTotals.None);
        var walk = new EventWalk(events, at, _countsDistinct ? NewSets(_fields) : null);
        foreach (var window in _windows)
        {
            walk.GoBackTo(at - window.Length, totals);
            foreach (var cell in window.Cells) values[cell.Place] = cell.Value(walk, totals, window.Length);
        }

        return values;
    }

    private static HashSet<double>[] NewSets(int fields)
    {
        var sets = new HashSet<double>[fields];
        for (var i = 0; i < sets.Length; i++) sets[i] = [];
        return sets;
    }

    private static int IndexOf(IReadOnlyList<string> fields, string field)
    {
        for (var i = 0; i < fields.Count; i++)
        {
            if (fields[i] == field) return i;
        }

        throw new ArgumentException($"there is no field '{field}'", nameof(field));
    }

    private sealed record Window(long Length, Cell[] Cells);

    private sealed record Cell(int Place, WindowAggregate Aggregate, int Field, FeatureValue Default)
    {
        public FeatureValue Value(in EventWalk walk, ReadOnlySpan<FieldTotals> totals, long length)
        {
            var value = Aggregate switch
            {
                WindowAggregate.Count => FeatureValue.Of(walk.Count),
                WindowAggregate.Rate => FeatureValue.Of(walk.Count / (length / (double)TimeSpan.TicksPerSecond)),
                WindowAggregate.Distinct => FeatureValue.Of(walk.Distinct(Field)),
                WindowAggregate.Sum => FeatureValue.Of(totals[Field].Sum),
                _ when totals[Field].Count == 0 => Default,
                WindowAggregate.Mean => FeatureValue.Of(totals[Field].Sum / totals[Field].Count),
                WindowAggregate.Min => FeatureValue.Of(totals[Field].Min),
                WindowAggregate.Max => FeatureValue.Of(totals[Field].Max),
                _ => FeatureValue.Of(totals[Field].Last),
            };
            return walk.IsApproximate || (Aggregate is WindowAggregate.Distinct && walk.HasBuckets) ? value with { Status = FeatureStatus.Approximate } : value;
        }
    }
}
