namespace OrleansInference;

/// <summary>A time range of predictions through another version: how far it is, and what it found so far.</summary>
[GenerateSerializer, Immutable, Alias("inference.replay-report")]
public sealed record ReplayReport
{
    /// <summary>The replay.</summary>
    [Id(0)]
    public required Guid ReplayId { get; init; }

    /// <summary>The model.</summary>
    [Id(1)]
    public required string Model { get; init; }

    /// <summary>The version that scores.</summary>
    [Id(2)]
    public required int Version { get; init; }

    /// <summary>Predictions recorded at or after this; null for all.</summary>
    [Id(3)]
    public DateTimeOffset? From { get; init; }

    /// <summary>Predictions recorded before this.</summary>
    [Id(4)]
    public required DateTimeOffset To { get; init; }

    /// <summary>Where it stands.</summary>
    [Id(5)]
    public required ReplayState State { get; init; }

    /// <summary>Why it failed; null where it did not.</summary>
    [Id(6)]
    public string? Fault { get; init; }

    /// <summary>Predictions in the range when it began.</summary>
    [Id(7)]
    public required long Total { get; init; }

    /// <summary>Those that it is through with, failures among them.</summary>
    [Id(8)]
    public required long Done { get; init; }

    /// <summary>When it began.</summary>
    [Id(9)]
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended; null while it runs.</summary>
    [Id(10)]
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Predictions that could not be scored.</summary>
    [Id(11)]
    public required long Failures { get; init; }

    /// <summary>The first of them, at most ten.</summary>
    [Id(12)]
    public required IReadOnlyList<ReplayFailure> FirstFailures { get; init; }

    /// <summary>What was found, by the version that had answered.</summary>
    [Id(13)]
    public required IReadOnlyList<ReplayComparison> Versions { get; init; }
}

/// <summary>A recorded prediction that could not be scored again.</summary>
/// <param name="PredictionId">The prediction.</param>
/// <param name="Reason">Why.</param>
[GenerateSerializer, Immutable, Alias("inference.replay-failure")]
public sealed record ReplayFailure([property: Id(0)] Guid PredictionId, [property: Id(1)] string Reason);
