namespace OrleansInference;

/// <summary>The answer to a <see cref="PredictionRequest"/>. When it arrives, its record and its alerts are on disk.</summary>
[GenerateSerializer, Immutable, Alias("inference.prediction")]
public sealed record Prediction
{
    /// <summary>The identity of the request that this answers.</summary>
    [Id(0)]
    public required Guid PredictionId { get; init; }

    /// <summary>The number that the manifest names under <c>response.prediction</c>; always finite.</summary>
    [Id(1)]
    public required double Value { get; init; }

    /// <summary>The text that the manifest names under <c>response.info</c>.</summary>
    [Id(2)]
    public required string Info { get; init; }

    /// <summary>The model that answered.</summary>
    [Id(3)]
    public required string Model { get; init; }

    /// <summary>The version that answered.</summary>
    [Id(4)]
    public required int ModelVersion { get; init; }

    /// <summary>Whether a source of features failed and default values stand in for it.</summary>
    [Id(5)]
    public required bool Degraded { get; init; }

    /// <summary>What it was made from, where the request asked; else null.</summary>
    [Id(6)]
    public PredictionDetails? Details { get; init; }
}
