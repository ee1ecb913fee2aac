using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Grains.PostProcessing.Replay;

/// <summary>What a replay found of one recorded version; bounded, however many predictions go in.</summary>
/// <remarks>It depends on the predictions and their order alone: a replay that was interrupted counts as one that was not.</remarks>
[GenerateSerializer, Alias("inference.replay-tally")]
internal sealed class ReplayTally
{
    private const int MostExamples = 10;

    // Upper ends of the bins of differences; the last bin has none.
    private static readonly double[] Limits = [0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1];

    [Id(0)]
    private readonly long[] _differences = new long[Limits.Length + 1];

    [Id(1)]
    private readonly List<RuleCrossings> _rules = [];

    [Id(2)]
    private readonly List<ReplayExample> _largest = [];

    [Id(3)]
    private long _count;

    [Id(4)]
    private long _bitEqual;

    [Id(5)]
    private double _meanRecorded;

    [Id(6)]
    private double _meanReplayed;

    [Id(7)]
    private double _meanDifference;

    [Id(8)]
    private double _maxDifference;

    public void Add(ReplayedPrediction replayed, IReadOnlyList<OutboxRule> rules)
    {
        var difference = Difference(replayed.RecordedValue, replayed.Value);
        _count++;
        if (replayed.BitEqual) _bitEqual++;
        _meanRecorded = NextMean(_meanRecorded, replayed.RecordedValue);
        _meanReplayed = NextMean(_meanReplayed, replayed.Value);
        _meanDifference = NextMean(_meanDifference, difference);
        _maxDifference = Math.Max(_maxDifference, difference);
        _differences[BinOf(difference)]++;
        for (var i = 0; i < rules.Count; i++) Cross(i, rules[i], replayed);
        AddExample(new ReplayExample(replayed.PredictionId, replayed.RecordedValue, replayed.Value), difference);
    }

    public ReplayComparison ToComparison(int recordedVersion) => new()
    {
        RecordedVersion = recordedVersion,
        Count = _count,
        BitEqual = _bitEqual,
        MeanRecorded = _meanRecorded,
        MeanReplayed = _meanReplayed,
        MeanDifference = _meanDifference,
        MaxDifference = _maxDifference,
        Differences = [.. _differences.Select((count, bin) => new DifferenceBin(bin < Limits.Length ? Limits[bin] : null, count))],
        Rules = [.. _rules],
        Largest = [.. _largest],
    };

    // Two numbers of opposite signs can be further apart than a double can say.
    private static double Difference(double one, double other) => Math.Min(Math.Abs(other - one), double.MaxValue);

    private static int BinOf(double difference)
    {
        var bin = Array.FindIndex(Limits, limit => difference <= limit);
        return bin < 0 ? Limits.Length : bin;
    }

    // Divided first: a sum of large numbers would overflow.
    private double NextMean(double mean, double value) => mean + (value / _count - mean / _count);

    private void Cross(int index, OutboxRule rule, ReplayedPrediction replayed)
    {
        if (index == _rules.Count) _rules.Add(new RuleCrossings(rule.Name, 0, 0, 0, 0));
        var (then, now) = (rule.Matches(replayed.RecordedValue), rule.Matches(replayed.Value));
        var crossings = _rules[index];
        _rules[index] = crossings with
        {
            Recorded = crossings.Recorded + (then ? 1 : 0),
            Replayed = crossings.Replayed + (now ? 1 : 0),
            Raised = crossings.Raised + (now && !then ? 1 : 0),
            Dropped = crossings.Dropped + (then && !now ? 1 : 0),
        };
    }

    // Sorted, the largest first; of two that differ as much, the earlier.
    private void AddExample(ReplayExample example, double difference)
    {
        if (difference == 0) return;
        var at = _largest.FindIndex(other => Difference(other.Recorded, other.Replayed) < difference);
        _largest.Insert(at < 0 ? _largest.Count : at, example);
        if (_largest.Count > MostExamples) _largest.RemoveAt(MostExamples);
    }
}
