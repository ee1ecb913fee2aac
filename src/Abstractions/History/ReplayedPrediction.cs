namespace OrleansInference;

/// <summary>A recorded prediction's input, scored again. Nothing is recorded and nobody alerted.</summary>
[GenerateSerializer, Immutable, Alias("inference.replayed-prediction")]
public sealed record ReplayedPrediction
{
    /// <summary>The recorded prediction.</summary>
    [Id(0)]
    public required Guid PredictionId { get; init; }

    /// <summary>The model.</summary>
    [Id(1)]
    public required string Model { get; init; }

    /// <summary>The version that answered then.</summary>
    [Id(2)]
    public required int RecordedVersion { get; init; }

    /// <summary>What it answered.</summary>
    [Id(3)]
    public required double RecordedValue { get; init; }

    /// <summary>The version that answered now.</summary>
    [Id(4)]
    public required int Version { get; init; }

    /// <summary>What it answers.</summary>
    [Id(5)]
    public required double Value { get; init; }

    /// <summary>Whether every output is the recorded one, bit by bit; where outputs were not kept, whether the value is.</summary>
    [Id(6)]
    public required bool BitEqual { get; init; }
}
