using Microsoft.Extensions.Time.Testing;
using OrleansInference.Grains.Models.Routing;

namespace UnitTests.Grains.Models.Routing;

public sealed class OutcomeWindowTests
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan OneMs = TimeSpan.FromMilliseconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly OutcomeWindow _window;

    public OutcomeWindowTests() => _window = new OutcomeWindow(Length, _time);

    [Fact]
    public void Sums_MixedOutcomes_KeepsErrorsAndLatencyApart()
    {
        _window.Add(VersionOutcome.Answered, OneMs);
        _window.Add(VersionOutcome.Answered, OneMs * 3);
        _window.Add(VersionOutcome.GivenUp, OneMs * 5);
        _window.Add(VersionOutcome.Failed, OneMs * 100);

        var sums = _window.Sums;

        Assert.Equal((3, 1, 3), (sums.Judged, sums.Failed, sums.Timed));
        Assert.Equal(OneMs * 3, sums.MeanLatency);
        Assert.Equal(1.0 / 3, sums.ErrorRate);
    }

    [Fact]
    public void Sums_AnswersThatWereOfNoUse_AreFailuresInsteadOfAnswers()
    {
        for (var i = 0; i < 3; i++) _window.Add(VersionOutcome.Answered, OneMs);
        _time.Advance(Length / 2);
        for (var i = 0; i < 2; i++) _window.Add(VersionOutcome.Unusable, TimeSpan.Zero);

        Assert.Equal((3, 2, 3), (_window.Sums.Judged, _window.Sums.Failed, _window.Sums.Timed));
        _time.Advance(Length);
        Assert.Equal((0, 0, 0), (_window.Sums.Judged, _window.Sums.Failed, _window.Sums.Timed));
    }

    [Fact]
    public void Sums_CachedAnswersOfNoUse_AreFailures()
    {
        for (var i = 0; i < 2; i++) _window.Add(VersionOutcome.Unusable, TimeSpan.Zero);

        Assert.Equal((2, 2, 1.0), (_window.Sums.Judged, _window.Sums.Failed, _window.Sums.ErrorRate));
    }

    [Fact]
    public void Sums_Empty_AreZero()
    {
        Assert.Equal(0, _window.Sums.ErrorRate);
        Assert.Equal(TimeSpan.Zero, _window.Sums.MeanLatency);
    }

    [Fact]
    public void Sums_WithinTheWindow_HoldEverything()
    {
        _window.Add(VersionOutcome.Failed, OneMs);
        _time.Advance(Length - Length / 30 - OneMs);
        _window.Add(VersionOutcome.Answered, OneMs);

        Assert.Equal(2, _window.Sums.Judged);
    }

    [Fact]
    public void Sums_BehindTheWindow_LeaveOneSliceAtATime()
    {
        for (var second = 0; second < 40; second++)
        {
            _window.Add(VersionOutcome.Failed, OneMs);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        // The slice that has just begun is empty yet.
        Assert.Equal(29, _window.Sums.Judged);
    }

    [Fact]
    public void Sums_AfterALongPause_AreEmpty()
    {
        _window.Add(VersionOutcome.Answered, OneMs);
        _time.Advance(TimeSpan.FromDays(400));

        Assert.Equal((0, 0), (_window.Sums.Judged, _window.Sums.Timed));
        _window.Add(VersionOutcome.Answered, OneMs);
        Assert.Equal(1, _window.Sums.Judged);
    }
}
