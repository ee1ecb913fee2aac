using Microsoft.Extensions.Time.Testing;
using OrleansInference;
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
    public async Task InferAsync_AsManyAsTheQueueTakes_RejectsTheNext()
    {
        using var gate = HoldRuns();
        var version = Serve(maxQueueLength: 2);
        var admitted = new[] { Infer(version), Infer(version) };
        await gate.Reached;

        var failure = await Assert.ThrowsAsync<InferenceException>(() => Infer(version));

        Assert.Equal(InferenceErrorCode.QueueFull, failure.Code);
        Assert.Equal("The queue of fraud/7 is full (Inference:Models:MaxQueueLength = 2). Raise it, add silos, or slow the callers.", failure.Message);
        gate.Open();
        await Task.WhenAll(admitted);
    }

    [Fact]
    public async Task InferAsync_QueueFull_TellsToRetryWhenTheQueueHasDrainedByTheMeanRunTime()
    {
        _session.OnRun = (_, _) => _time.Advance(TimeSpan.FromMilliseconds(9));
        var version = Serve(maxQueueLength: 4);
        await Infer(version);
        using var gate = HoldRuns();
        var admitted = Enumerable.Range(0, 4).Select(_ => Infer(version)).ToArray();
        await gate.Reached;

        var failure = await Assert.ThrowsAsync<InferenceException>(() => Infer(version));

        // The first estimate is 1 ms; a run of 9 ms moves it by an eighth, to 2 ms; four of those on one thread.
        Assert.Equal(TimeSpan.FromMilliseconds(8), failure.RetryAfter);
        gate.Open();
        await Task.WhenAll(admitted);
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
    public async Task InferAsync_AfterARejection_ThePlacesAreAsMany()
    {
        using var gate = HoldRuns();
        var version = Serve(maxQueueLength: 1);
        var running = Infer(version);
        await gate.Reached;
        await Assert.ThrowsAsync<InferenceException>(() => Infer(version));
        gate.Open();
        await running;

        await Infer(version);
    }

    [Fact]
    public async Task InferAsync_CancelledWhileQueued_ThePlaceIsFreeAtOnce()
    {
        using var gate = HoldRuns();
        using var cancellation = new CancellationTokenSource();
        var version = Serve(maxQueueLength: 2);
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
    public void Dispose_Always_ClosesTheSession()
    {
        Serve(maxQueueLength: 1).Dispose();

        Assert.True(_session.Disposed);
    }

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
}
