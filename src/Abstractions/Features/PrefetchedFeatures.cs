namespace OrleansInference;

/// <summary>The feature views that are in memory now, before anybody asked for a prediction.</summary>
/// <param name="Model">The model that they are for.</param>
/// <param name="Views">Their names.</param>
[GenerateSerializer, Immutable, Alias("inference.prefetched-features")]
public sealed record PrefetchedFeatures([property: Id(0)] string Model, [property: Id(1)] IReadOnlyList<string> Views);
