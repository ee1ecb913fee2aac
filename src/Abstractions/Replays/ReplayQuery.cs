namespace OrleansInference;

/// <summary>Which recorded predictions to score again, and by what.</summary>
[GenerateSerializer, Immutable, Alias("inference.replay-query")]
public sealed record ReplayQuery
{
    /// <summary>The model.</summary>
    [Id(0)]
    public required string Model { get; init; }

    /// <summary>The version that scores: its number, or a label.</summary>
    [Id(1)]
    public required string Version { get; init; }

    /// <summary>Predictions recorded at or after this; null for all.</summary>
    [Id(2)]
    public DateTimeOffset? From { get; init; }

    /// <summary>Predictions recorded before this; null for all until now.</summary>
    [Id(3)]
    public DateTimeOffset? To { get; init; }

    /// <summary>At most so many, the earliest; null for all.</summary>
    [Id(4)]
    public long? Limit { get; init; }
}
