using OrleansInference;
using OrleansInference.Grains.Models.Shadowing;
using UnitTests.Fakes;

namespace UnitTests.Grains.Models.Shadowing;

public sealed class SpareVersionTests : IDisposable
{
    private static readonly InferenceRequest Request = new() { Inputs = [Tensor.Create("x", TensorDatatype.FP32, [1, 1], [1f])] };

    private readonly FakeModelSession _session = new();
    private Action<CancellationToken>? _queued;

    public void Dispose() => _session.Dispose();

    [Fact]
    public async Task InferAsync_AThreadIsFree_AnswersTheSessionsOutputs()
    {
        var answer = Infer(CancellationToken.None);
        Assert.Equal(0, _session.Runs);

        _queued!(CancellationToken.None);

        Assert.Equal(Request.Inputs, (await answer).Outputs);
        Assert.Equal(3, (await answer).Version);
    }

    [Fact]
    public async Task InferAsync_AThreadIsWantedMeanwhile_EndsTheRunAsCancelledByNobodyOfOurs()
    {
        using var wanted = new CancellationTokenSource();
        using var own = new CancellationTokenSource();
        _session.OnRun = (_, cancellationToken) =>
        {
            wanted.Cancel();
            cancellationToken.ThrowIfCancellationRequested();
        };
        var answer = Infer(own.Token);

        _queued!(wanted.Token);

        var failure = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        Assert.Equal(wanted.Token, failure.CancellationToken);
    }

    [Fact]
    public async Task InferAsync_TheCallerCancels_EndsTheRun()
    {
        using var own = new CancellationTokenSource();
        _session.OnRun = (_, cancellationToken) =>
        {
            own.Cancel();
            cancellationToken.ThrowIfCancellationRequested();
        };
        var answer = Infer(own.Token);

        _queued!(CancellationToken.None);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
    }

    [Fact]
    public async Task InferAsync_TheModelFails_Fails()
    {
        _session.OnRun = (_, _) => throw new InferenceException(InferenceErrorCode.ModelFailed, "on purpose");
        var answer = Infer(CancellationToken.None);

        _queued!(CancellationToken.None);

        await Assert.ThrowsAsync<InferenceException>(() => answer);
    }

    [Fact]
    public void InferAsync_TooMuchWaits_IsRefused()
    {
        var version = new SpareVersion("fraud", new FakeVersion(3), _session, _ => false);

        var failure = Assert.Throws<InferenceException>(() => { _ = version.InferAsync(Request, CancellationToken.None); });

        Assert.Equal(InferenceErrorCode.QueueFull, failure.Code);
    }

    private Task<InferenceResponse> Infer(CancellationToken cancellationToken) => new SpareVersion("fraud", new FakeVersion(3), _session, Queue).InferAsync(Request, cancellationToken);

    private bool Queue(Action<CancellationToken> work)
    {
        _queued = work;
        return true;
    }
}
