using Microsoft.Extensions.Logging.Abstractions;
using OrleansInference;
using OrleansInference.Grains.Models.Shadowing;
using UnitTests.Fakes;

namespace UnitTests.Grains.Models.Shadowing;

public sealed class ShadowTests : IDisposable
{
    private readonly TimerSignalTimeProvider _time = new();
    private readonly RecordedMetrics _metrics = new();
    private readonly FakeVersion _version = new(3);
    private readonly Shadow _shadow;

    public ShadowTests() => _shadow = new Shadow("fraud", _version, _time, _metrics.Instruments, NullLogger.Instance);

    public void Dispose()
    {
        _shadow.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public async Task Offer_OtherNumbers_RecordsTheLargestDifference()
    {
        _version.OnInfer = (_, _) => Task.FromResult(Answer(1, 2.5f, 2));

        _shadow.Offer(Request(), Answer(1, 2, 3));

        await Outcome("ok");
        Assert.Equal([1.0], _metrics.Values("inference.shadow.difference"));
        Assert.Empty(_metrics.Values("inference.shadow.mismatches"));
    }

    [Fact]
    public async Task Offer_NotANumber_CountsAMismatch()
    {
        _version.OnInfer = (_, _) => Task.FromResult(Answer(float.NaN, 2));

        _shadow.Offer(Request(), Answer(1, 2));

        await Outcome("ok");
        Assert.Equal([1.0], _metrics.Values("inference.shadow.mismatches"));
    }

    [Fact]
    public async Task Offer_Always_AsksTheShadowWithoutVersionAndDeadline()
    {
        var asked = new TaskCompletionSource<InferenceRequest>(TaskCreationOptions.RunContinuationsAsynchronously);
        _version.OnInfer = (request, _) =>
        {
            asked.SetResult(request);
            return Task.FromResult(Answer(1));
        };

        _shadow.Offer(Request() with { Version = "1", Timeout = TimeSpan.FromMilliseconds(1), Outputs = ["y"] }, Answer(1));

        var request = await asked.Task.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        Assert.Equal((null, null), (request.Version, request.Timeout));
        Assert.Equal(["y"], request.Outputs);
    }

    [Fact]
    public async Task Offer_TheShadowThrows_TheNextCopyRuns()
    {
        _version.OnInfer = (_, _) => throw new InvalidOperationException("on purpose");
        _shadow.Offer(Request(), Answer(1));
        await Outcome("failed");
        _version.OnInfer = (_, _) => Task.FromResult(Answer(1));

        _shadow.Offer(Request(), Answer(1));

        await Outcome("ok");
        Assert.Equal(0, _version.Holders);
    }

    [Fact]
    public async Task Offer_TheShadowSleeps_NeverWaitsAndDropsWhatIsTooMuch()
    {
        var running = HoldTheShadow(out var wake);
        _shadow.Offer(Request(), Answer(1));
        await running;

        // These return while the shadow sleeps, or the test would not go on.
        for (var i = 0; i < Shadow.Capacity + 5; i++) _shadow.Offer(Request(), Answer(1));

        Assert.Equal(5, _metrics.Count("inference.shadow.requests", "outcome", "dropped"));
        Assert.Equal(1, _version.Runs);
        wake.SetResult();
        await Outcome("ok", Shadow.Capacity + 1);
    }

    [Fact]
    public async Task Offer_ManyCopies_RunsOneAtATime()
    {
        int running = 0, most = 0;
        _version.OnInfer = async (_, _) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            await Task.Yield();
            Interlocked.Decrement(ref running);
            return Answer(1);
        };

        for (var i = 0; i < Shadow.Capacity; i++) _shadow.Offer(Request(), Answer(1));

        await Outcome("ok", Shadow.Capacity);
        Assert.Equal(1, most);
    }

    [Fact]
    public async Task Offer_TheRunMakesWayForARequest_IsPreempted()
    {
        _version.OnInfer = (_, _) => Task.FromCanceled<InferenceResponse>(new CancellationToken(canceled: true));

        _shadow.Offer(Request(), Answer(1));

        await Outcome("preempted");
    }

    [Fact]
    public async Task Offer_NoSpareThreadTakesIt_IsDropped()
    {
        _version.OnInfer = (_, _) => throw new InferenceException(InferenceErrorCode.QueueFull, "on purpose");

        _shadow.Offer(Request(), Answer(1));

        await Outcome("dropped");
    }

    [Fact]
    public async Task Offer_TheShadowNeverEnds_IsCancelledAfterItsLimit()
    {
        _version.OnInfer = async (_, cancellationToken) =>
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return Answer(1);
        };
        _shadow.Offer(Request(), Answer(1));
        await _time.NextTimerAsync();

        _time.Advance(TimeSpan.FromSeconds(30));

        await Outcome("failed");
    }

    [Fact]
    public async Task Offer_TheVersionIsRetired_IsDroppedWithoutARun()
    {
        _version.Retired = true;

        _shadow.Offer(Request(), Answer(1));

        await Outcome("dropped");
        Assert.Equal(0, _version.Runs);
    }

    [Fact]
    public async Task Dispose_WhileACopyRuns_EndsIt()
    {
        var running = HoldTheShadow(out _);
        _shadow.Offer(Request(), Answer(1));
        await running;

        _shadow.Dispose();

        await _shadow.Completion.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(0, _version.Holders);
    }

    [Fact]
    public async Task Offer_AfterDispose_IsDropped()
    {
        _shadow.Dispose();

        _shadow.Offer(Request(), Answer(1));

        await Outcome("dropped");
    }

    private static InferenceRequest Request() => new() { Inputs = [Tensor.Create("x", TensorDatatype.FP32, [1, 1], [1f])] };

    private static InferenceResponse Answer(params float[] values) =>
        new() { Version = 1, Outputs = [Tensor.Create<float>("y", TensorDatatype.FP32, [values.Length], values)] };

    private Task HoldTheShadow(out TaskCompletionSource wake)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var asleep = wake = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _version.OnInfer = async (_, cancellationToken) =>
        {
            reached.TrySetResult();
            await asleep.Task.WaitAsync(cancellationToken);
            return Answer(1);
        };
        return reached.Task.WaitAsync(Gate.Patience);
    }

    private Task Outcome(string outcome, int count = 1) => _metrics.WaitAsync("inference.shadow.requests", "outcome", outcome, count);
}
