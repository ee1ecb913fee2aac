namespace OrleansInference;

/// <summary>What a prediction was made from.</summary>
/// <param name="Features">The request's fields and the features of every source, in the model's order.</param>
/// <param name="Times">The instant asked about, and the time of each stage; null in records of older programs.</param>
[GenerateSerializer, Immutable, Alias("inference.prediction-details")]
public sealed record PredictionDetails([property: Id(0)] IReadOnlyList<UsedFeature> Features, [property: Id(1)] RecordedTimes? Times);
