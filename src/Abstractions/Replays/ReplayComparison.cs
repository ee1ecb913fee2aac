namespace OrleansInference;

/// <summary>The predictions of one recorded version beside what the replaying version makes of them.</summary>
[GenerateSerializer, Immutable, Alias("inference.replay-comparison")]
public sealed record ReplayComparison
{
    /// <summary>The version that had answered.</summary>
    [Id(0)]
    public required int RecordedVersion { get; init; }

    /// <summary>Predictions that were scored again.</summary>
    [Id(1)]
    public required long Count { get; init; }

    /// <summary>Those whose outputs are the recorded ones, bit by bit.</summary>
    [Id(2)]
    public required long BitEqual { get; init; }

    /// <summary>Mean of the recorded predictions.</summary>
    [Id(3)]
    public required double MeanRecorded { get; init; }

    /// <summary>Mean of the new ones.</summary>
    [Id(4)]
    public required double MeanReplayed { get; init; }

    /// <summary>Mean of |new - recorded|.</summary>
    [Id(5)]
    public required double MeanDifference { get; init; }

    /// <summary>Largest |new - recorded|.</summary>
    [Id(6)]
    public required double MaxDifference { get; init; }

    /// <summary>Predictions by |new - recorded|; each bin begins above the end of the one before it.</summary>
    [Id(7)]
    public required IReadOnlyList<DifferenceBin> Differences { get; init; }

    /// <summary>The model's alert and workflow rules, with what would change for them.</summary>
    [Id(8)]
    public required IReadOnlyList<RuleCrossings> Rules { get; init; }

    /// <summary>The predictions that differ most, at most ten, the largest difference first.</summary>
    [Id(9)]
    public required IReadOnlyList<ReplayExample> Largest { get; init; }
}

/// <summary>Predictions that differ about as much.</summary>
/// <param name="UpTo">The largest difference in it; 0 for none at all, null for no limit.</param>
/// <param name="Count">Predictions in it.</param>
[GenerateSerializer, Immutable, Alias("inference.difference-bin")]
public sealed record DifferenceBin([property: Id(0)] double? UpTo, [property: Id(1)] long Count);

/// <summary>How a rule would have fired. Quiet periods are left out of it.</summary>
/// <param name="Rule">The rule: <c>{kind}-{target}</c>.</param>
/// <param name="Recorded">Recorded predictions that match it.</param>
/// <param name="Replayed">New ones that do.</param>
/// <param name="Raised">Predictions that match it only now.</param>
/// <param name="Dropped">Predictions that match it no more.</param>
[GenerateSerializer, Immutable, Alias("inference.rule-crossings")]
public sealed record RuleCrossings(
    [property: Id(0)] string Rule,
    [property: Id(1)] long Recorded,
    [property: Id(2)] long Replayed,
    [property: Id(3)] long Raised,
    [property: Id(4)] long Dropped);

/// <summary>One prediction, then and now.</summary>
/// <param name="PredictionId">The prediction.</param>
/// <param name="Recorded">What was answered.</param>
/// <param name="Replayed">What the replaying version makes of it.</param>
[GenerateSerializer, Immutable, Alias("inference.replay-example")]
public sealed record ReplayExample([property: Id(0)] Guid PredictionId, [property: Id(1)] double Recorded, [property: Id(2)] double Replayed);
