using OrleansInference;
using OrleansInference.Grains.Models.Caching;
using UnitTests.Fakes;

namespace UnitTests.Grains.Models.Caching;

public sealed class CachedVersionTests : IDisposable
{
    private readonly TimerSignalTimeProvider _time = new();
    private readonly RecordedMetrics _metrics = new();
    private readonly FakeVersion _version = new();
    private readonly PredictionCache _cache;
    private readonly CachedVersion _cached;

    public CachedVersionTests()
    {
        _cache = new PredictionCache(new PredictionCacheOptions { MaxEntries = 100, Ttl = TimeSpan.FromSeconds(10) }, _time);
        _cached = new CachedVersion("fraud", _version, _time, _metrics.Instruments) { Cache = _cache };
    }

    public void Dispose() => _metrics.Dispose();

    [Fact]
    public async Task InferAsync_AskedAgain_AnswersTheSameWithoutARun()
    {
        var first = await Infer(1);

        var second = await Infer(1);

        Assert.Equal(first.Outputs[0].Data, second.Outputs[0].Data);
        Assert.Equal(1, _version.Runs);
        Assert.Equal((1, 1), (Count("hit"), Count("miss")));
    }

    [Fact]
    public async Task InferAsync_WithoutACache_RunsEachRequest()
    {
        _cached.Cache = null;
        await Infer(1);

        await Infer(1);

        Assert.Equal(2, _version.Runs);
        Assert.Empty(_metrics.Values("inference.cache.requests"));
    }

    [Fact]
    public async Task InferAsync_OtherInputs_Runs()
    {
        await Infer(1);

        await Infer(2);

        Assert.Equal(2, _version.Runs);
    }

    [Fact]
    public async Task InferAsync_AfterTheTimeToLive_RunsAgain()
    {
        await Infer(1);
        _time.Advance(TimeSpan.FromSeconds(10));

        await Infer(1);

        Assert.Equal(2, _version.Runs);
    }

    [Fact]
    public async Task InferAsync_Bypass_RunsThoughTheAnswerIsThere()
    {
        await Infer(1);

        await _cached.InferAsync(Request(1) with { BypassCache = true }, CancellationToken.None);

        Assert.Equal(2, _version.Runs);
        Assert.Equal(1, Count("bypass"));
    }

    [Fact]
    public async Task InferAsync_Failure_IsNotRemembered()
    {
        _version.OnInfer = (_, _) => Task.FromException<InferenceResponse>(new InferenceException(InferenceErrorCode.ModelFailed, "on purpose"));
        await Assert.ThrowsAsync<InferenceException>(() => Infer(1));
        _version.OnInfer = (request, _) => Task.FromResult(FakeVersion.Answer(request));

        var response = await Infer(1);

        Assert.Equal([1f], response.Outputs[0].Elements<float>().ToArray());
        Assert.Equal(2, _version.Runs);
    }

    [Fact]
    public async Task InferAsync_IdenticalAtTheSameTime_RunOnce()
    {
        var release = HoldRuns();
        var requests = Enumerable.Range(0, 100).Select(_ => Infer(1)).ToArray();

        release.SetResult();

        Assert.All(await Task.WhenAll(requests), response => Assert.Equal([1f], response.Outputs[0].Elements<float>().ToArray()));
        Assert.Equal(1, _version.Runs);
        Assert.Equal((99, 1), (Count("shared"), Count("miss")));
    }

    [Fact]
    public async Task InferAsync_SharedRunFails_FailsForAllWhoWait()
    {
        var release = HoldRuns();
        var requests = Enumerable.Range(0, 3).Select(_ => Infer(1)).ToArray();

        release.SetException(new InferenceException(InferenceErrorCode.ModelFailed, "on purpose"));

        foreach (var request in requests) await Assert.ThrowsAsync<InferenceException>(() => request);
    }

    [Fact]
    public async Task InferAsync_TheFirstCallerLeaves_TheOthersGetTheirAnswer()
    {
        using var left = new CancellationTokenSource();
        var release = HoldRuns();
        var first = InferUntil(1, left.Token);
        var second = Infer(1);

        await left.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        release.SetResult();
        await second;
        Assert.Equal(1, _version.Runs);
    }

    [Fact]
    public async Task InferAsync_TheLastCallerLeaves_TheRunIsCancelled()
    {
        using var left = new CancellationTokenSource();
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _version.OnInfer = async (request, cancellationToken) =>
        {
            await using var registration = cancellationToken.Register(cancelled.SetResult);
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return FakeVersion.Answer(request);
        };
        var callers = new[] { InferUntil(1, left.Token), InferUntil(1, left.Token) };

        await left.CancelAsync();

        foreach (var caller in callers) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => caller);
        await cancelled.Task.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task InferAsync_AfterAnAbandonedRun_RunsAnew()
    {
        using var left = new CancellationTokenSource();
        var release = HoldRuns();
        var abandoned = InferUntil(1, left.Token);
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned);

        var next = Infer(1);

        release.SetResult();
        await next;
        Assert.Equal(2, _version.Runs);
    }

    [Fact]
    public async Task InferAsync_OneCallersDeadline_IsItsOwn()
    {
        var release = HoldRuns();
        var hurried = _cached.InferAsync(Request(1) with { Timeout = TimeSpan.FromSeconds(1) }, CancellationToken.None);
        var patient = Infer(1);
        await _time.NextTimerAsync();

        _time.Advance(TimeSpan.FromSeconds(1));

        var failure = await Assert.ThrowsAsync<InferenceException>(() => hurried);
        Assert.Equal(InferenceErrorCode.DeadlineExceeded, failure.Code);
        Assert.Equal("The request's time of 00:00:01 was up before the model had answered. Allow more, or find the slow stage in the metrics.", failure.Message);
        release.SetResult();
        await patient;
    }

    [Fact]
    public async Task InferAsync_Interactive_DoesNotWaitForABulkRun()
    {
        var release = HoldRuns();
        var bulk = _cached.InferAsync(Request(1) with { Priority = InferencePriority.Bulk }, CancellationToken.None);

        var interactive = Infer(1);

        Assert.Equal(2, _version.Runs);
        release.SetResult();
        await Task.WhenAll(bulk, interactive);
    }

    [Fact]
    public async Task InferAsync_AnotherVersionBehindTheSameCache_HasItsOwnAnswers()
    {
        await Infer(1);
        var successor = new FakeVersion();

        await new CachedVersion("fraud", successor, _time, _metrics.Instruments) { Cache = _cache }.InferAsync(Request(1), CancellationToken.None);

        Assert.Equal(1, successor.Runs);
    }

    [Fact]
    public async Task InferAsync_WhileItRuns_HoldsTheVersion()
    {
        var release = HoldRuns();
        var running = Infer(1);
        Assert.Equal(1, _version.Holders);

        release.SetResult();

        await running;
        // A run lets go of the version just after its answer.
        await _version.WaitUntilFreeAsync();
    }

    [Fact]
    public async Task InferAsync_VersionBeingRetired_StillAnswersItsHolder()
    {
        _version.Retired = true;

        await Infer(1);

        Assert.Equal((1, 0), (_version.Runs, _version.Holders));
    }

    [Fact]
    public async Task Statistics_HitsAndMisses_AreTold()
    {
        await Infer(1);
        await Infer(1);
        await Infer(2);

        var statistics = _cached.Statistics;

        Assert.Equal((1, 2), (statistics.CacheHit.Count, statistics.CacheMiss.Count));
        Assert.Equal(1, statistics.Success.Count);
        Assert.Equal(_time.GetUtcNow(), statistics.LastInference);
    }

    // Whatever the interleaving: each call ends once, rightly, and no run or hold is left.
    [Fact]
    public async Task InferAsync_ManyCallersWhoLeaveAtRandom_EachEndsOnce()
    {
        _version.OnInfer = async (request, cancellationToken) =>
        {
            for (var i = 0; i < 3; i++) await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            return FakeVersion.Answer(request);
        };

        await Parallel.ForAsync(0, 4000, TestContext.Current.CancellationToken, async (i, _) =>
        {
            using var left = new CancellationTokenSource();
            var call = InferUntil(i % 7, left.Token);
            if (i % 3 == 0) await left.CancelAsync();
            try
            {
                Assert.Equal([(float)(i % 7)], (await call).Outputs[0].Elements<float>().ToArray());
            }
            catch (OperationCanceledException) when (left.IsCancellationRequested)
            {
                // It had left.
            }
        });

        // A run lets go of the version just after its answer.
        await _version.WaitUntilFreeAsync();
    }

    private static InferenceRequest Request(float value) => new() { Inputs = [Tensor.Create("x", TensorDatatype.FP32, [1, 1], [value])] };

    private Task<InferenceResponse> Infer(float value) => _cached.InferAsync(Request(value), CancellationToken.None);

    private Task<InferenceResponse> InferUntil(float value, CancellationToken left) => _cached.InferAsync(Request(value), left);

    private TaskCompletionSource HoldRuns()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _version.OnInfer = async (request, _) =>
        {
            await release.Task;
            return FakeVersion.Answer(request);
        };
        return release;
    }

    private int Count(string outcome) => _metrics.Count("inference.cache.requests", "outcome", outcome);
}
