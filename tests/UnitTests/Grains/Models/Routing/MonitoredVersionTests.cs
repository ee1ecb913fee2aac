using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains.Models.Routing;
using UnitTests.Fakes;

namespace UnitTests.Grains.Models.Routing;

public sealed class MonitoredVersionTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeVersion _version = new(2);
    private readonly CanaryMonitor _monitor;

    public MonitoredVersionTests() => _monitor = new CanaryMonitor(
        "fraud",
        2,
        new CanaryLimits { MaxErrorRate = 0, MaxLatencyRatio = 2, MinRequests = 1, Window = TimeSpan.FromMinutes(1) },
        _ => Task.CompletedTask,
        _time,
        FakeMeterFactory.Instruments,
        NullLogger.Instance);

    public void Dispose() => _monitor.Dispose();

    [Theory]
    [InlineData(InferenceErrorCode.ModelFailed, true)]
    [InlineData(InferenceErrorCode.Internal, true)]
    [InlineData(InferenceErrorCode.InvalidInput, false)]
    [InlineData(InferenceErrorCode.QueueFull, false)]
    [InlineData(InferenceErrorCode.DeadlineExceeded, false)]
    [InlineData(InferenceErrorCode.Cancelled, false)]
    [InlineData(InferenceErrorCode.NotReady, false)]
    public async Task InferAsync_Failure_CountsAsAnErrorWhereItIsTheVersions(InferenceErrorCode code, bool counts)
    {
        _version.OnInfer = (_, _) => Task.FromException<InferenceResponse>(new InferenceException(code, "on purpose"));

        var failure = await Assert.ThrowsAsync<InferenceException>(() => Infer(isCanary: true));

        Assert.Equal((code, counts), (failure.Code, _monitor.IsDemoted));
    }

    [Fact]
    public async Task InferAsync_FailureWithoutACode_CountsAsAnError()
    {
        _version.OnInfer = (_, _) => throw new InvalidOperationException("on purpose");

        await Assert.ThrowsAsync<InvalidOperationException>(() => Infer(isCanary: true));

        Assert.True(_monitor.IsDemoted);
    }

    [Fact]
    public async Task InferAsync_TheCallerLeft_IsNoError()
    {
        _version.OnInfer = (_, _) => Task.FromCanceled<InferenceResponse>(new CancellationToken(canceled: true));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Infer(isCanary: true));

        Assert.False(_monitor.IsDemoted);
    }

    [Fact]
    public async Task InferAsync_NoLongerWatched_TellsNobody()
    {
        _version.OnInfer = (_, _) => Task.FromException<InferenceResponse>(new InferenceException(InferenceErrorCode.ModelFailed, "on purpose"));
        var version = new MonitoredVersion(_version, _time);
        version.Watch(_monitor, isCanary: true);

        version.Watch(null, isCanary: false);

        await Assert.ThrowsAsync<InferenceException>(() => version.InferAsync(new InferenceRequest { Inputs = [] }, CancellationToken.None));
        Assert.False(_monitor.IsDemoted);
    }

    [Fact]
    public async Task InferAsync_TheDefaultFails_DemotesNobody()
    {
        _version.OnInfer = (_, _) => Task.FromException<InferenceResponse>(new InferenceException(InferenceErrorCode.ModelFailed, "on purpose"));

        await Assert.ThrowsAsync<InferenceException>(() => Infer(isCanary: false));

        Assert.False(_monitor.IsDemoted);
    }

    [Fact]
    public async Task InferAsync_SlowerThanTheDefault_IsDemotedByLatency()
    {
        _version.OnInfer = Answer(TimeSpan.FromMilliseconds(1));
        await Infer(isCanary: false);
        _version.OnInfer = Answer(TimeSpan.FromMilliseconds(3));

        await Infer(isCanary: true);

        Assert.True(_monitor.IsDemoted);
    }

    [Fact]
    public async Task Takes_AfterTheDemotion_IsNobody()
    {
        using var canary = new Canary(2, new CanaryShare("fraud", 100), _monitor);
        Assert.True(canary.Takes("-!42"));
        _version.OnInfer = (_, _) => Task.FromException<InferenceResponse>(new InferenceException(InferenceErrorCode.ModelFailed, "on purpose"));

        await Assert.ThrowsAsync<InferenceException>(() => Infer(isCanary: true));

        Assert.False(canary.Takes("-!42"));
        Assert.False(canary.Takes(null));
    }

    private Func<InferenceRequest, CancellationToken, Task<InferenceResponse>> Answer(TimeSpan latency) => (request, _) =>
    {
        _time.Advance(latency);
        return Task.FromResult(FakeVersion.Answer(request));
    };

    private Task<InferenceResponse> Infer(bool isCanary)
    {
        var version = new MonitoredVersion(_version, _time);
        version.Watch(_monitor, isCanary);
        return version.InferAsync(new InferenceRequest { Inputs = [] }, CancellationToken.None);
    }
}
