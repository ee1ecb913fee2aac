using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains.PostProcessing.Replay;

namespace UnitTests.Grains.PostProcessing.Replay;

public sealed class PatienceTests
{
    private readonly FakeTimeProvider _time = new();
    private int _tries;

    [Theory]
    [InlineData(InferenceErrorCode.QueueFull)]
    [InlineData(InferenceErrorCode.NotReady)]
    [InlineData(InferenceErrorCode.StorageUnavailable)]
    [InlineData(InferenceErrorCode.DeadlineExceeded)]
    public async Task Try_UnavailableJustNow_TriesAgainAfterThePauseThatIsAskedFor(InferenceErrorCode code)
    {
        var task = Patience(TimeSpan.FromMinutes(1)).TryAsync(() => FailAsync(code, times: 2), TestContext.Current.CancellationToken);

        Assert.Equal(1, _tries);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1, _tries);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, _tries);
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(3, await task);
    }

    [Fact]
    public async Task Try_ForTooLong_IsGivenUp()
    {
        var task = Patience(TimeSpan.FromSeconds(5)).TryAsync(() => FailAsync(InferenceErrorCode.NotReady, times: 100), TestContext.Current.CancellationToken);

        _time.Advance(TimeSpan.FromSeconds(3));
        _time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(InferenceErrorCode.NotReady, (await Assert.ThrowsAsync<InferenceException>(() => task)).Code);
        Assert.Equal(3, _tries);
    }

    [Theory]
    [InlineData(InferenceErrorCode.NotFound)]
    [InlineData(InferenceErrorCode.InvalidInput)]
    [InlineData(InferenceErrorCode.ModelFailed)]
    public async Task Try_NotWorthARetry_FailsAtOnce(InferenceErrorCode code)
    {
        await Assert.ThrowsAsync<InferenceException>(() => Patience(TimeSpan.FromMinutes(1)).TryAsync(() => FailAsync(code, times: 1), TestContext.Current.CancellationToken));

        Assert.Equal(1, _tries);
    }

    [Fact]
    public async Task Try_CancelledInThePause_EndsAtOnce()
    {
        using var cancellation = new CancellationTokenSource();
        var task = Patience(TimeSpan.FromMinutes(1)).TryAsync(() => FailAsync(InferenceErrorCode.NotReady, times: 100), cancellation.Token);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        Assert.Equal(1, _tries);
    }

    private Patience Patience(TimeSpan longest) => new(longest, _time);

    private Task<int> FailAsync(InferenceErrorCode code, int times) =>
        ++_tries > times ? Task.FromResult(_tries) : throw new InferenceException(code, "on purpose", TimeSpan.FromSeconds(3));
}
