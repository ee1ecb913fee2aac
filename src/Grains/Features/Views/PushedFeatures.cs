namespace OrleansInference.Grains.Features.Views;

/// <summary>What was pushed for one user and one view, in a form that outlives the process.</summary>
/// <param name="EventTime">The latest event time that the view has seen; older pushes are refused.</param>
/// <param name="Columns">The pushed values that are ahead of the database.</param>
[GenerateSerializer, Immutable, Alias("inference.pushed-features")]
internal sealed record PushedFeatures([property: Id(0)] DateTimeOffset EventTime, [property: Id(1)] IReadOnlyList<PushedColumn> Columns);

/// <summary>One pushed value, by the name of its column.</summary>
/// <param name="Name">The feature.</param>
/// <param name="Number">The value of a number.</param>
/// <param name="Text">The value of a text; null for a number.</param>
/// <param name="IsDefault">Whether null was pushed, so that the column's default stands.</param>
/// <param name="EventTime">When it came to be.</param>
/// <param name="PushedAt">When it arrived, by the wall clock; its age goes on from there.</param>
[GenerateSerializer, Immutable, Alias("inference.pushed-column")]
internal sealed record PushedColumn(
    [property: Id(0)] string Name,
    [property: Id(1)] double Number,
    [property: Id(2)] string? Text,
    [property: Id(3)] bool IsDefault,
    [property: Id(4)] DateTimeOffset EventTime,
    [property: Id(5)] DateTimeOffset PushedAt)
{
    public static PushedColumn Of(FeatureColumn column, PushedValue pushed, DateTimeOffset pushedAt) => new(
        column.Name, pushed.Value.Number, pushed.Value.Text, pushed.Value == column.Default, pushed.EventTime, pushedAt);

    /// <summary>The value for a column of that name; null where the column has changed its type since.</summary>
    public FeatureValue? ValueFor(FeatureColumn column)
    {
        if (IsDefault) return column.Default;
        if (column.Type != (Text is null ? FeatureType.Number : FeatureType.Text)) return null;
        return Text is null ? FeatureValue.Of(Number) : FeatureValue.Of(Text);
    }
}
