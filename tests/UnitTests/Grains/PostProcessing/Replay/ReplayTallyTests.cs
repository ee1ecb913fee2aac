using OrleansInference;
using OrleansInference.Grains.PostProcessing.Outbox;
using OrleansInference.Grains.PostProcessing.Replay;

namespace UnitTests.Grains.PostProcessing.Replay;

public sealed class ReplayTallyTests
{
    private static readonly OutboxRule[] AboveHalf = [new("alert", "desk", Above: 0.5, Below: null)];

    [Fact]
    public void Add_Several_CountsMeansAndTheLargest()
    {
        var comparison = Tally([], (0.5, 0.5), (0.25, 0.75), (1.0, 0.75));

        Assert.Equal((1, 3, 1), (comparison.RecordedVersion, comparison.Count, comparison.BitEqual));
        Assert.Equal(1.75 / 3, comparison.MeanRecorded, 12);
        Assert.Equal(2.0 / 3, comparison.MeanReplayed, 12);
        Assert.Equal((0.25, 0.5), (Math.Round(comparison.MeanDifference, 12), comparison.MaxDifference));
    }

    [Theory]
    [InlineData(0, 0.0)]
    [InlineData(1e-9, 1e-6)]
    [InlineData(-1e-6, 1e-6)]
    [InlineData(2e-6, 1e-5)]
    [InlineData(0.02, 0.1)]
    [InlineData(1, 1.0)]
    [InlineData(-1.5, null)]
    public void Add_Difference_GoesToTheBinThatEndsAtOrAboveIt(double difference, double? upTo)
    {
        var comparison = Tally([], (0, difference));

        Assert.Equal(upTo, Assert.Single(comparison.Differences, bin => bin.Count > 0).UpTo);
    }

    [Fact]
    public void Add_AcrossARule_CountsWhatIsRaisedAndDropped()
    {
        var comparison = Tally(AboveHalf, (0.4, 0.6), (0.6, 0.4), (0.7, 0.4), (0.9, 0.8), (0.1, 0.2));

        Assert.Equal(new RuleCrossings("alert-desk", Recorded: 3, Replayed: 2, Raised: 1, Dropped: 2), Assert.Single(comparison.Rules));
    }

    [Fact]
    public void Add_Many_KeepsTheTenThatDifferMost()
    {
        var comparison = Tally([], [.. Enumerable.Range(0, 100).Select(i => (0.0, (double)(i * 37 % 100)))]);

        Assert.Equal([99, 98, 97, 96, 95, 94, 93, 92, 91, 90], comparison.Largest.Select(example => example.Replayed));
    }

    [Fact]
    public void Add_HugeNumbers_StayFinite()
    {
        var comparison = Tally([], (-double.MaxValue, double.MaxValue), (double.MaxValue, double.MaxValue));

        Assert.All([comparison.MeanRecorded, comparison.MeanReplayed, comparison.MeanDifference, comparison.MaxDifference], number => Assert.True(double.IsFinite(number), $"{number}"));
    }

    private static ReplayComparison Tally(OutboxRule[] rules, params (double Recorded, double Replayed)[] pairs)
    {
        var tally = new ReplayTally();
        foreach (var (recorded, replayed) in pairs) tally.Add(Replayed(recorded, replayed), rules);
        return tally.ToComparison(1);
    }

    private static ReplayedPrediction Replayed(double recorded, double replayed) => new()
    {
        PredictionId = Guid.CreateVersion7(),
        Model = "fraud",
        RecordedVersion = 1,
        RecordedValue = recorded,
        Version = 2,
        Value = replayed,
        BitEqual = recorded.Equals(replayed),
    };
}
