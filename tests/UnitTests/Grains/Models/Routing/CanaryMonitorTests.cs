using Microsoft.Extensions.Logging.Abstractions;
using OrleansInference;
using OrleansInference.Grains.Models.Routing;
using UnitTests.Fakes;

namespace UnitTests.Grains.Models.Routing;

public sealed class CanaryMonitorTests : IDisposable
{
    private static readonly TimeSpan OneMs = TimeSpan.FromMilliseconds(1);

    private readonly TimerSignalTimeProvider _time = new();
    private readonly RecordedMetrics _metrics = new();
    private readonly List<string> _reasons = [];
    private readonly TaskCompletionSource _demoted = Signal();

    public void Dispose() => _metrics.Dispose();

    [Fact]
    public async Task RecordCanary_ErrorRateBeyondItsLimit_IsDemotedWithTheReason()
    {
        using var monitor = Monitor(new CanaryLimits { MaxErrorRate = 0.1, MinRequests = 10, Window = TimeSpan.FromMinutes(1) });

        Record(monitor, answered: 8, failed: 2);

        Assert.True(monitor.IsDemoted);
        await _demoted.Task.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(["2 of its last 10 requests failed, a rate of 0.2 (versions.canary.maxErrorRate = 0.1)"], _reasons);
        Assert.Equal(1, _metrics.Count("inference.canary.demotions", "reason", "error_rate"));
    }

    [Fact]
    public async Task RecordCanary_FailingOn_IsDemotedOnce()
    {
        using var monitor = Monitor(new CanaryLimits { MaxErrorRate = 0, MinRequests = 1, Window = TimeSpan.FromMinutes(1) });

        Parallel.For(0, 1000, _ => monitor.RecordCanary(VersionOutcome.Failed, OneMs));

        await _demoted.Task.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(1, _metrics.Count("inference.canary.demotions", "model.name", "fraud"));
        Assert.Single(_reasons);
    }

    [Fact]
    public void RecordCanary_FewerThanMinRequests_IsNotJudged()
    {
        using var monitor = Monitor(new CanaryLimits { MaxErrorRate = 0, MinRequests = 10, Window = TimeSpan.FromMinutes(1) });

        Record(monitor, answered: 0, failed: 9);

        Assert.False(monitor.IsDemoted);
    }

    [Fact]
    public void RecordCanary_ErrorRateAtItsLimit_Stays()
    {
        using var monitor = Monitor(new CanaryLimits { MaxErrorRate = 0.2, MinRequests = 10, Window = TimeSpan.FromMinutes(1) });

        Record(monitor, answered: 8, failed: 2);

        Assert.False(monitor.IsDemoted);
    }

    [Fact]
    public void RecordCanary_FailuresOlderThanTheWindow_AreForgotten()
    {
        using var monitor = Monitor(new CanaryLimits { MaxErrorRate = 0.1, MinRequests = 10, Window = TimeSpan.FromMinutes(1) });
        Record(monitor, answered: 0, failed: 9);
        _time.Advance(TimeSpan.FromMinutes(2));

        Record(monitor, answered: 19, failed: 1);

        Assert.False(monitor.IsDemoted);
    }

    [Fact]
    public void RecordDefault_Failing_DemotesNobody()
    {
        using var monitor = Monitor(new CanaryLimits { MaxErrorRate = 0, MinRequests = 1, Window = TimeSpan.FromMinutes(1) });

        monitor.RecordDefault(VersionOutcome.Failed, OneMs);

        Assert.False(monitor.IsDemoted);
    }

    [Fact]
    public async Task RecordCanary_MeanLatencyBeyondItsRatio_IsDemotedWithTheReason()
    {
        using var monitor = Monitor(new CanaryLimits { MaxLatencyRatio = 2, MinRequests = 3, Window = TimeSpan.FromMinutes(1) });
        RecordLatency(monitor.RecordDefault, OneMs * 2, OneMs * 2, OneMs * 2);

        RecordLatency(monitor.RecordCanary, OneMs * 4, OneMs * 4, OneMs * 5.5);

        Assert.True(monitor.IsDemoted);
        await _demoted.Task.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(["its mean latency is 4.5 ms, the default's 2 ms (versions.canary.maxLatencyRatio = 2)"], _reasons);
        Assert.Equal(1, _metrics.Count("inference.canary.demotions", "reason", "latency"));
    }

    [Fact]
    public void RecordCanary_MeanLatencyAtItsRatio_Stays()
    {
        using var monitor = Monitor(new CanaryLimits { MaxLatencyRatio = 2, MinRequests = 2, Window = TimeSpan.FromMinutes(1) });
        RecordLatency(monitor.RecordDefault, OneMs, OneMs * 3);

        RecordLatency(monitor.RecordCanary, OneMs, OneMs * 7);

        Assert.False(monitor.IsDemoted);
    }

    [Fact]
    public void RecordCanary_TooFewRequestsToTheDefault_IsNotJudgedByLatency()
    {
        using var monitor = Monitor(new CanaryLimits { MaxLatencyRatio = 2, MinRequests = 3, Window = TimeSpan.FromMinutes(1) });
        RecordLatency(monitor.RecordDefault, OneMs, OneMs);

        RecordLatency(monitor.RecordCanary, OneMs * 100, OneMs * 100, OneMs * 100);

        Assert.False(monitor.IsDemoted);
    }

    [Fact]
    public void RecordCanary_SoSlowThatItsCallersGiveUp_IsDemoted()
    {
        using var monitor = Monitor(new CanaryLimits { MaxLatencyRatio = 2, MinRequests = 2, Window = TimeSpan.FromMinutes(1) });
        RecordLatency(monitor.RecordDefault, OneMs, OneMs);

        for (var i = 0; i < 2; i++) monitor.RecordCanary(VersionOutcome.GivenUp, OneMs * 1000);

        Assert.True(monitor.IsDemoted);
    }

    [Fact]
    public async Task RecordCanary_TheClusterDoesNotTakeTheReport_ReportsAgainUntilItDoes()
    {
        var failures = 3;
        using var monitor = Monitor(
            new CanaryLimits { MaxErrorRate = 0, MinRequests = 1, Window = TimeSpan.FromMinutes(1) },
            () => failures-- > 0 ? Task.FromException(new InferenceException(InferenceErrorCode.StorageUnavailable, "on purpose")) : Task.CompletedTask);

        monitor.RecordCanary(VersionOutcome.Failed, OneMs);
        foreach (var seconds in new[] { 1, 2, 4 })
        {
            await _time.NextTimerAsync();
            Assert.True(monitor.IsDemoted);
            Assert.False(_demoted.Task.IsCompleted);
            _time.Advance(TimeSpan.FromSeconds(seconds));
        }

        await _demoted.Task.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Dispose_WhileTheReportIsPending_ReportsNoMore()
    {
        var attempts = 0;
        var monitor = Monitor(
            new CanaryLimits { MaxErrorRate = 0, MinRequests = 1, Window = TimeSpan.FromMinutes(1) },
            () => Task.FromException(new InvalidOperationException($"on purpose {++attempts}")));
        monitor.RecordCanary(VersionOutcome.Failed, OneMs);
        await _time.NextTimerAsync();

        monitor.Dispose();
        _time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(1, attempts);
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static void Record(CanaryMonitor monitor, int answered, int failed)
    {
        for (var i = 0; i < answered; i++) monitor.RecordCanary(VersionOutcome.Answered, OneMs);
        for (var i = 0; i < failed; i++) monitor.RecordCanary(VersionOutcome.Failed, OneMs);
    }

    private static void RecordLatency(Action<VersionOutcome, TimeSpan> record, params TimeSpan[] latencies)
    {
        foreach (var latency in latencies) record(VersionOutcome.Answered, latency);
    }

    private CanaryMonitor Monitor(CanaryLimits limits, Func<Task>? store = null) => new(
        "fraud",
        2,
        limits,
        async reason =>
        {
            if (store is not null) await store();
            _reasons.Add(reason);
            _demoted.SetResult();
        },
        _time,
        _metrics.Instruments,
        NullLogger.Instance);
}
