using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains.Models.Routing;
using OrleansInference.Grains.Models.Shadowing;
using UnitTests.Fakes;

namespace UnitTests.Grains.Models.Routing;

public sealed class ModelRolloutTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly RecordedMetrics _metrics = new();
    private readonly FakeVersion _default = new(1);
    private readonly FakeVersion _canaryVersion = new(2) { OnInfer = (request, _) => Task.FromResult(FakeVersion.Answer(request) with { Version = 2 }) };
    private readonly FakeVersion _shadowVersion = new(3);
    private readonly CanaryMonitor _monitor;
    private readonly Shadow _shadow;

    public ModelRolloutTests()
    {
        _monitor = new CanaryMonitor(
            "fraud", 2, new CanaryLimits { MaxErrorRate = 0, MinRequests = 1, Window = TimeSpan.FromMinutes(1) }, _ => Task.CompletedTask, _time, _metrics.Instruments, NullLogger.Instance);
        _shadow = new Shadow("fraud", _shadowVersion, _time, _metrics.Instruments, NullLogger.Instance);
    }

    public void Dispose()
    {
        _monitor.Dispose();
        _shadow.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public async Task InferAsync_KeyInTheShare_AnswersTheCanary()
    {
        var response = await Rollout(100).InferAsync(Request(), CancellationToken.None);

        Assert.Equal((2, ModelVariant.Canary), (response.Version, response.Variant));
    }

    [Fact]
    public async Task InferAsync_KeyOutsideTheShare_AnswersTheDefault()
    {
        var response = await Rollout(0).InferAsync(Request(), CancellationToken.None);

        Assert.Equal((1, ModelVariant.Default), (response.Version, response.Variant));
    }

    [Fact]
    public async Task InferAsync_OneKey_SeesOneVersion()
    {
        var rollout = Rollout(50);
        var versions = new HashSet<int>();

        for (var i = 0; i < 200; i++) versions.Add((await rollout.InferAsync(Request(), CancellationToken.None)).Version);

        Assert.Single(versions);
    }

    [Fact]
    public async Task InferAsync_CanaryDemoted_AnswersTheDefaultAtOnce()
    {
        var rollout = Rollout(100);
        _monitor.RecordCanary(VersionOutcome.Failed, TimeSpan.Zero);

        var response = await rollout.InferAsync(Request(), CancellationToken.None);

        Assert.Equal((1, ModelVariant.Default), (response.Version, response.Variant));
    }

    [Fact]
    public async Task InferAsync_TheDefaultAnswered_CopiesToTheShadow()
    {
        await Rollout(0).InferAsync(Request(), CancellationToken.None);

        await _metrics.WaitAsync("inference.shadow.requests", "outcome", "ok", 1);
    }

    [Fact]
    public async Task InferAsync_TheCanaryAnswered_CopiesNothing()
    {
        await Rollout(100).InferAsync(Request(), CancellationToken.None);
        await Rollout(0).InferAsync(Request(), CancellationToken.None);

        await _metrics.WaitAsync("inference.shadow.requests", "outcome", "ok", 1);
        Assert.Equal(1, _shadowVersion.Runs);
    }

    [Fact]
    public async Task InferAsync_TheShadowThrows_TheReplyIsTheSame()
    {
        _shadowVersion.OnInfer = (_, _) => throw new InvalidOperationException("on purpose");
        var rollout = Rollout(0);

        var replies = new[] { await rollout.InferAsync(Request(), CancellationToken.None), await rollout.InferAsync(Request(), CancellationToken.None) };

        Assert.All(replies, reply => Assert.Equal((1, ModelVariant.Default), (reply.Version, reply.Variant)));
        await _metrics.WaitAsync("inference.shadow.requests", "outcome", "failed", 2);
    }

    [Fact]
    public async Task InferAsync_TheShadowSleeps_EveryReplyComesMeanwhile()
    {
        _shadowVersion.OnInfer = async (request, cancellationToken) =>
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return FakeVersion.Answer(request);
        };
        var rollout = Rollout(0);

        for (var i = 0; i < 100; i++) Assert.Equal(1, (await rollout.InferAsync(Request(), CancellationToken.None)).Version);
    }

    [Fact]
    public async Task InferAsync_TheDefaultFails_CopiesNothing()
    {
        _default.OnInfer = (_, _) => Task.FromException<InferenceResponse>(new InferenceException(InferenceErrorCode.ModelFailed, "on purpose"));

        await Assert.ThrowsAsync<InferenceException>(() => Rollout(0).InferAsync(Request(), CancellationToken.None));

        _shadow.Dispose();
        await _shadow.Completion.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(0, _shadowVersion.Runs);
    }

    [Theory]
    [InlineData(ModelVariant.Canary, true)]
    [InlineData(ModelVariant.Default, false)]
    [InlineData(ModelVariant.Pinned, false)]
    public void OnUnusable_Answer_CountsAgainstTheCanaryThatGaveIt(ModelVariant variant, bool demoted)
    {
        Rollout(100).OnUnusable(new InferenceResponse { Version = 2, Outputs = [], Variant = variant });

        Assert.Equal(demoted, _monitor.IsDemoted);
    }

    [Fact]
    public void Leave_ForOneThatGoesOnWithTheSame_EndsNothing()
    {
        Rollout(10).Leave(Rollout(20));

        Assert.False(_shadow.Completion.IsCompleted);
    }

    [Fact]
    public async Task Leave_ForNone_EndsTheShadow()
    {
        Rollout(10).Leave(null);

        await _shadow.Completion.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
    }

    private static InferenceRequest Request() =>
        new() { Inputs = [Tensor.Create("x", TensorDatatype.FP32, [1, 1], [1f])], RoutingKey = "-!42" };

    private ModelRollout Rollout(double percent) => new()
    {
        Default = _default,
        CanaryVersion = _canaryVersion,
        Canary = new Canary(2, new CanaryShare("fraud", percent), _monitor),
        Shadow = _shadow,
    };
}
