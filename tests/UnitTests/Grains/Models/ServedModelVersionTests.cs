using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Models.Batching;
using OrleansInference.Grains.Models.Scheduling;
using UnitTests.Fakes;

namespace UnitTests.Grains.Models;

public sealed class ServedModelVersionTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeModelSession _session = new();
    private readonly InferenceThreads _threads = new(1);

    public void Dispose() => _threads.Dispose();

    [Fact]
    public async Task InferAsync_GoodInput_AnswersTheOutputsAndTheVersion()
    {
        var request = Request(3);

        var response = await Serve(maxQueueLength: 1).InferAsync(request, CancellationToken.None);

        Assert.Equal(7, response.Version);
        Assert.Equal(request.Inputs, response.Outputs);
    }

    [Fact]
    public async Task InferAsync_BadInput_IsRefusedWithoutARun()
    {
        var request = new InferenceRequest { Inputs = [] };

        var failure = await Assert.ThrowsAsync<InferenceException>(() => Serve(maxQueueLength: 1).InferAsync(request, CancellationToken.None));

        Assert.Equal((InferenceErrorCode.InvalidInput, 0), (failure.Code, _session.Runs));
    }

    [Fact]
    public async Task InferAsync_CancelledWhileQueued_NeverStarts()
    {
        using var gate = HoldRuns();
        using var cancellation = new CancellationTokenSource();
        var version = Serve(maxQueueLength: 3);
        var running = Infer(version);
        await gate.Reached;
        var queued = InferUntil(version, cancellation.Token);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => queued.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken));
        gate.Open();
        await running;
        await Infer(version);
        Assert.Equal(2, _session.Runs);
    }

    [Fact]
    public async Task InferAsync_TimeIsUpButItsTimerIsLate_NeverStarts()
    {
        using var gate = HoldRuns();
        var time = new LateTimers();
        var version = new ServedModelVersion("fraud", 7, _session, new InferenceTaskScheduler(_threads, 1), new BatchingOptions(), time, FakeMeterFactory.Instruments);
        var running = Infer(version);
        await gate.Reached;
        var queued = version.InferAsync(Request(1) with { Timeout = TimeSpan.FromMilliseconds(10) }, CancellationToken.None);
        time.Advance(TimeSpan.FromMilliseconds(10));

        gate.Open();
        await running;
        await Infer(version);

        Assert.Equal((2, false), (_session.Runs, queued.IsCompleted));
        time.Fire();
        Assert.Equal(InferenceErrorCode.DeadlineExceeded, (await Assert.ThrowsAsync<InferenceException>(() => queued.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken))).Code);
    }

    [Fact]
    public async Task InferAsync_CancelledBefore_NeverStarts()
    {
        using var cancellation = new CancellationTokenSource();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => InferUntil(Serve(maxQueueLength: 1), cancellation.Token));

        Assert.Equal(0, _session.Runs);
    }

    [Fact]
    public async Task InferAsync_CancelledWhileRunning_TellsTheSession()
    {
        using var gate = HoldRuns();
        using var cancellation = new CancellationTokenSource();
        var running = InferUntil(Serve(maxQueueLength: 1), cancellation.Token);
        await gate.Reached;

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task InferAsync_AfterSuccess_ThePlaceIsFree()
    {
        var version = Serve(maxQueueLength: 1);

        await Infer(version);

        await Infer(version);
    }

    [Fact]
    public async Task InferAsync_AfterAFailedRun_ThePlaceIsFree()
    {
        _session.OnRun = (_, _) => throw new InferenceException(InferenceErrorCode.ModelFailed, "on purpose");
        var version = Serve(maxQueueLength: 1);
        await Assert.ThrowsAsync<InferenceException>(() => Infer(version));

        _session.OnRun = (_, _) => { };

        await Infer(version);
    }

    [Fact]
    public async Task InferAsync_CancelledWhileQueued_ThePlaceIsFreeAtOnce()
    {
        using var gate = HoldRuns();
        using var cancellation = new CancellationTokenSource();
        var version = Serve(maxQueueLength: 1);
        var running = Infer(version);
        await gate.Reached;
        var queued = InferUntil(version, cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => queued.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken));

        var next = Infer(version);

        gate.Open();
        await Task.WhenAll(running, next);
    }

    [Fact]
    public async Task InferAsync_Done_ContinuesOffTheInferenceThread()
    {
        using var gate = HoldRuns();
        var inference = Infer(Serve(maxQueueLength: 1));
        var continuedOn = inference.ContinueWith(
            _ => Thread.CurrentThread.Name, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await gate.Reached;

        gate.Open();

        Assert.DoesNotContain("inference-", await continuedOn ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task InferAsync_OutputsNamed_AnswersThoseInThatOrder()
    {
        using var served = Several();

        var response = await served.InferAsync(TwoInputs() with { Outputs = ["b", "a"] }, TestContext.Current.CancellationToken);

        Assert.Equal(["b", "a"], response.Outputs.Select(output => output.Name));
    }

    [Fact]
    public async Task InferAsync_InputsInAnotherOrder_AreFoundByName()
    {
        using var served = Several();

        var response = await served.InferAsync(TwoInputs() with { Inputs = [.. TwoInputs().Inputs.Reverse()] }, TestContext.Current.CancellationToken);

        Assert.Equal([1f, 2f], response.Outputs.Select(output => output.Elements<float>()[0]));
    }

    [Theory]
    [InlineData("c", "outputs 'c' is no output of fraud/7, whose outputs are a, b. Correct its name, or name none for all.")]
    [InlineData("a", "outputs 'a' is asked for twice. Name each output once.")]
    public async Task InferAsync_OutputUnknownOrTwice_IsInvalidInput(string second, string message)
    {
        using var served = Several();

        var failure = await Assert.ThrowsAsync<InferenceException>(() => served.InferAsync(TwoInputs() with { Outputs = ["a", second] }, TestContext.Current.CancellationToken));

        Assert.Equal((InferenceErrorCode.InvalidInput, message), (failure.Code, failure.Message));
    }

    [Fact]
    public async Task InferAsync_NoTimeLeft_IsDeadlineExceededWithoutARun()
    {
        using var served = new ServedVersionBuilder();

        var failure = await Assert.ThrowsAsync<InferenceException>(() => served.InferAsync(ServedVersionBuilder.Rows(1) with { Timeout = TimeSpan.FromMilliseconds(-1) }, TestContext.Current.CancellationToken));

        Assert.Equal((InferenceErrorCode.DeadlineExceeded, 0), (failure.Code, served.Session.Runs));
    }

    [Fact]
    public async Task RetireAsync_Held_ClosesTheSessionWhenTheLastHolderHasGone()
    {
        using var served = new ServedVersionBuilder();
        Assert.True(served.Version.TryAcquire());
        Assert.True(served.Version.TryAcquire());

        var retired = served.Version.RetireAsync();
        var again = served.Version.TryAcquire();
        served.Version.Release();
        Assert.Equal((false, false, false), (again, retired.IsCompleted, served.Session.Disposed));
        served.Version.Release();

        await retired.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        Assert.True(served.Session.Disposed);
    }

    [Fact]
    public async Task RetireAsync_HolderLeftARunUnderWay_ClosesTheSessionAfterIt()
    {
        using var served = new ServedVersionBuilder();
        var (gate, _) = await served.HoldAThreadAsync();
        var retired = served.Version.RetireAsync();

        gate.Open();

        await retired.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        Assert.Equal((true, false), (served.Session.Disposed, served.Session.DisposedWhileRunning));
    }

    [Fact]
    public async Task RetireAsync_ManyHoldersComeAndGo_ClosesTheSessionOnceAndNeverUnderOne()
    {
        using var served = new ServedVersionBuilder();
        var (version, under) = (served.Version, 0);
        var holders = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            while (version.TryAcquire())
            {
                if (served.Session.Disposed) Interlocked.Increment(ref under);
                version.Release();
            }
        })).ToArray();

        await Task.WhenAll(version.RetireAsync(), version.RetireAsync()).WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        await Task.WhenAll(holders);
        Assert.Equal(0, under);
    }

    [Fact]
    public async Task WarmUpAsync_Always_RunsAndIsCountedNowhere()
    {
        using var metrics = new RecordedMetrics();
        using var served = new ServedVersionBuilder { Model = "warm", Instruments = metrics.Instruments };

        await served.Version.WarmUpAsync(ServedVersionBuilder.Rows(1, 2, 3), CancellationToken.None);

        var statistics = served.Version.Statistics;
        Assert.Equal((0, 0, 0, 0, 0), (statistics.InferenceCount, statistics.ExecutionCount, statistics.Success.Count, statistics.Fail.Count, statistics.Queue.Count));
        Assert.Null(statistics.LastInference);
        Assert.Empty(statistics.Batches);
        Assert.Empty(metrics.Values("inference.batch.size"));
        Assert.Empty(metrics.Values("inference.queue.duration"));
        await served.Version.InferAsync(ServedVersionBuilder.Rows(1, 2, 3), CancellationToken.None);
        Assert.Equal((3, 1), (served.Version.Statistics.InferenceCount, served.Version.Statistics.ExecutionCount));
        Assert.Single(metrics.Values("inference.batch.size"));
    }

    [Fact]
    public async Task WarmUpAsync_InferenceThreadsBusy_WaitsForNone()
    {
        using var served = new ServedVersionBuilder();
        var (gate, running) = await served.HoldAThreadAsync();

        var response = await served.Version.WarmUpAsync(ServedVersionBuilder.Rows(1, 2), CancellationToken.None).WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        Assert.Equal([1, 2], ServedVersionBuilder.Values(response));
        Assert.False(running.IsCompleted);
        gate.Open();
        await running;
    }

    [Fact]
    public async Task Statistics_AfterRequests_CountThemAndTheRunsByTheirRows()
    {
        using var served = new ServedVersionBuilder();
        served.Session.OnRun = (_, _) => served.Time.Advance(TimeSpan.FromMilliseconds(3));
        await served.InferAsync(ServedVersionBuilder.Rows(1, 2), TestContext.Current.CancellationToken);
        await served.InferAsync(ServedVersionBuilder.Rows(1, 2), TestContext.Current.CancellationToken);
        served.Session.OnRun = (_, _) => throw new InferenceException(InferenceErrorCode.ModelFailed, "on purpose");
        await Assert.ThrowsAsync<InferenceException>(() => served.InferAsync(ServedVersionBuilder.Rows(1), TestContext.Current.CancellationToken));

        await served.DrainAsync();

        var statistics = served.Version.Statistics;
        Assert.Equal(("fraud", 7, 4L, 2L), (statistics.Name, statistics.Version, statistics.InferenceCount, statistics.ExecutionCount));
        Assert.Equal(new DurationSum(2, TimeSpan.FromMilliseconds(6)), statistics.Success);
        Assert.Equal(1, statistics.Fail.Count);
        Assert.Equal(new DurationSum(2, TimeSpan.FromMilliseconds(6)), statistics.ComputeInfer);
        Assert.Equal(served.Time.GetUtcNow(), statistics.LastInference);
        var batch = Assert.Single(statistics.Batches);
        Assert.Equal((2, new DurationSum(2, TimeSpan.FromMilliseconds(6))), (batch.BatchSize, batch.ComputeInfer));
    }

    [Fact]
    public async Task Metrics_OfARun_TellQueueStagesBatchAndLength()
    {
        using var metrics = new RecordedMetrics();
        using var served = new ServedVersionBuilder { Model = "measured", Instruments = metrics.Instruments };
        await served.InferAsync(ServedVersionBuilder.Rows(1, 2), TestContext.Current.CancellationToken);
        var (gate, _) = await served.HoldAThreadAsync();
        var waiting = served.InferAsync(ServedVersionBuilder.Rows(1, 2, 3), TestContext.Current.CancellationToken);

        metrics.Collect();

        Assert.Equal(3, metrics.Values("inference.queue.length")[^1]);
        Assert.Equal(2, metrics.Values("inference.batch.size")[0]);
        Assert.Equal(["infer", "input", "output"], metrics.Tags("inference.compute.duration", "stage"));
        Assert.Equal(["measured"], metrics.Tags("inference.queue.duration", "model.name"));
        gate.Open();
        await waiting;
    }

    [Fact]
    public async Task Dispose_Always_ClosesTheSession()
    {
        var version = Serve(maxQueueLength: 1);

        version.Dispose();

        await version.RetireAsync().WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        Assert.True(_session.Disposed);
    }

    private static ServedVersionBuilder Several() =>
        new() { Session = new FakeModelSession(new("a", TensorDatatype.FP32, [-1, 1]), new("b", TensorDatatype.FP32, [-1, 1])) };

    private static InferenceRequest TwoInputs() =>
        new() { Inputs = [Tensor.Create<float>("a", TensorDatatype.FP32, [1, 1], [1]), Tensor.Create<float>("b", TensorDatatype.FP32, [1, 1], [2])] };

    private ServedModelVersion Serve(int maxQueueLength) =>
        new("fraud", 7, _session, new InferenceTaskScheduler(_threads, 1), new BatchingOptions { MaxQueueLength = maxQueueLength }, _time, FakeMeterFactory.Instruments);

    private Gate HoldRuns()
    {
        var gate = new Gate();
        _session.OnRun = (_, cancellationToken) => gate.Pass(cancellationToken);
        return gate;
    }

    private static InferenceRequest Request(float value) => new() { Inputs = [Tensor.Create("x", TensorDatatype.FP32, [1, 1], [value])] };

    private static Task<InferenceResponse> Infer(ServedModelVersion version) => version.InferAsync(Request(1), CancellationToken.None);

    private static Task<InferenceResponse> InferUntil(ServedModelVersion version, CancellationToken left) => version.InferAsync(Request(1), left);

    // A clock that goes on while its timers wait, as the system's do where no pool thread is free.
    private sealed class LateTimers : TimeProvider
    {
        private readonly List<Timer> _timers = [];
        private long _now;

        public override long GetTimestamp() => Volatile.Read(ref _now);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(TimeSpan time) => Interlocked.Add(ref _now, time.Ticks);

        public void Fire() => _timers.ForEach(timer => timer.Fire());

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _timers.Add(new Timer(callback, state));
            return _timers[^1];
        }

        private sealed class Timer(TimerCallback callback, object? state) : ITimer
        {
            public void Fire() => callback(state);

            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
