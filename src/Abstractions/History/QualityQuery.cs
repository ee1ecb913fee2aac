namespace OrleansInference;

/// <summary>Which predictions of a model to hold against their labels.</summary>
[GenerateSerializer, Immutable, Alias("inference.quality-query")]
public sealed record QualityQuery
{
    /// <summary>The model.</summary>
    [Id(0)]
    public required string Model { get; init; }

    /// <summary>One version; null for all.</summary>
    [Id(1)]
    public int? Version { get; init; }

    /// <summary>Predictions recorded at or after this; null for all.</summary>
    [Id(2)]
    public DateTimeOffset? From { get; init; }

    /// <summary>Predictions recorded before this; null for all.</summary>
    [Id(3)]
    public DateTimeOffset? To { get; init; }

    /// <summary>At or above this a prediction counts as true. Default: 0.5.</summary>
    [Id(4)]
    public double Threshold { get; init; } = 0.5;
}
