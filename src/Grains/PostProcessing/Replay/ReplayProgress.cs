using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Grains.PostProcessing.Replay;

/// <summary>A replay as it is stored: what was asked for, where it is, and what it found up to there.</summary>
[GenerateSerializer, Alias("inference.replay-progress")]
internal sealed class ReplayProgress
{
    private const int MostFailures = 10;

    /// <summary>Model and range; null before the replay began.</summary>
    [Id(0)]
    public ExportQuery? Range { get; init; }

    [Id(1)]
    public int Version { get; init; }

    /// <summary>The model's rules when the replay began.</summary>
    [Id(2)]
    public IReadOnlyList<OutboxRule> Rules { get; init; } = [];

    [Id(3)]
    public long Total { get; init; }

    [Id(4)]
    public DateTimeOffset StartedAt { get; init; }

    [Id(5)]
    public ReplayState State { get; private set; }

    [Id(6)]
    public DateTimeOffset? EndedAt { get; private set; }

    [Id(7)]
    public string? Fault { get; private set; }

    /// <summary>The last prediction that it is through with.</summary>
    [Id(8)]
    public LogCursor? Cursor { get; private set; }

    [Id(9)]
    public long Done { get; private set; }

    [Id(10)]
    public long Failures { get; private set; }

    [Id(11)]
    public List<ReplayFailure> FirstFailures { get; init; } = [];

    [Id(12)]
    public SortedDictionary<int, ReplayTally> Tallies { get; init; } = [];

    public bool IsRunning => Range is not null && State is ReplayState.Running;

    /// <summary>Takes in the next predictions, in their order.</summary>
    public void Add(ReplayPage page)
    {
        foreach (var replayed in page.Replayed)
        {
            if (!Tallies.TryGetValue(replayed.RecordedVersion, out var tally)) Tallies.Add(replayed.RecordedVersion, tally = new ReplayTally());
            tally.Add(replayed, Rules);
        }

        FirstFailures.AddRange(page.Failures.Take(MostFailures - FirstFailures.Count));
        Failures += page.Failures.Count;
        Done += page.Replayed.Count + page.Failures.Count;
        Cursor = page.Last ?? Cursor;
    }

    public void End(ReplayState state, DateTimeOffset at, string? fault = null) => (State, EndedAt, Fault) = (state, at, fault);

    public ReplayReport ToReport(Guid id) => new()
    {
        ReplayId = id,
        Model = Range!.Model,
        Version = Version,
        From = Range.From,
        To = Range.To!.Value,
        State = State,
        Fault = Fault,
        Total = Total,
        Done = Done,
        StartedAt = StartedAt,
        EndedAt = EndedAt,
        Failures = Failures,
        FirstFailures = [.. FirstFailures],
        Versions = [.. Tallies.Select(tally => tally.Value.ToComparison(tally.Key))],
    };
}

/// <summary>Some predictions of a replay, in the log's order.</summary>
/// <param name="Replayed">Those that were scored.</param>
/// <param name="Failures">Those that could not be.</param>
/// <param name="Last">The last of both; null where there was none.</param>
internal sealed record ReplayPage(IReadOnlyList<ReplayedPrediction> Replayed, IReadOnlyList<ReplayFailure> Failures, LogCursor? Last);
