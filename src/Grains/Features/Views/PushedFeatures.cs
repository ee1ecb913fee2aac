namespace OrleansInference.Grains.Features.Views;

/// <summary>What was pushed for one user and one view, in a form that outlives the process.</summary>
/// <param name="EventTime">The latest event time that the view has seen; older pushes are refused.</param>
/// <param name="Columns">The pushed values that are ahead of the database.</param>
internal sealed record PushedFeatures(DateTimeOffset EventTime, IReadOnlyList<PushedColumn> Columns);

/// <summary>One pushed value, by the name of its column.</summary>
/// <param name="Name">The feature.</param>
/// <param name="Value">The value.</param>
/// <param name="EventTime">When it came to be.</param>
/// <param name="PushedAt">When it arrived, by the wall clock; its age goes on from there.</param>
internal sealed record PushedColumn(string Name, FeatureValue Value, DateTimeOffset EventTime, DateTimeOffset PushedAt);
