using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Windows;

namespace UnitTests.Grains.Features.Windows;

/// <summary>Window features by their definition: every column looks at every event, in the order of arrival.</summary>
internal static class Recomputation
{
    public static FeatureValue[] Read(WindowView view, IReadOnlyList<WindowEvent> events, long at) =>
        [.. view.Columns.Select(column => Read(column, view.Options.Columns[column.Name], events, at))];

    private static FeatureValue Read(FeatureColumn column, WindowColumnOptions options, IReadOnlyList<WindowEvent> events, long at)
    {
        var inside = events.Where(one => one.Ticks > at - options.Window.Ticks && one.Ticks <= at).OrderBy(one => one.Ticks).ToArray();
        var values = inside.Select(one => one.Values[0]).Where(value => !double.IsNaN(value)).ToArray();
        return Enum.Parse<WindowAggregate>(options.Aggregate, ignoreCase: true) switch
        {
            WindowAggregate.Count => FeatureValue.Of(inside.Length),
            WindowAggregate.Rate => FeatureValue.Of(inside.Length / options.Window.TotalSeconds),
            WindowAggregate.Sum => FeatureValue.Of(values.Sum()),
            WindowAggregate.Distinct => FeatureValue.Of(values.Distinct().Count()),
            _ when values.Length == 0 => column.Default,
            WindowAggregate.Mean => FeatureValue.Of(values.Average()),
            WindowAggregate.Min => FeatureValue.Of(values.Min()),
            WindowAggregate.Max => FeatureValue.Of(values.Max()),
            _ => FeatureValue.Of(values[^1]),
        };
    }
}
