using Microsoft.Extensions.Time.Testing;
using OrleansInference.Grains.PostProcessing.Outbox;
using UnitTests.Fakes;

namespace UnitTests.Grains.PostProcessing.Outbox;

public sealed class OutboxSignalTests
{
    private readonly OutboxSignal _signal = new();
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task WaitAsync_RaisedTwiceBefore_CompletesOnce()
    {
        _signal.Raise("desk");
        _signal.Raise("desk");

        await WaitAsync("desk").WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);

        Assert.False(WaitAsync("desk").IsCompleted);
    }

    [Fact]
    public async Task WaitAsync_RaisedForAnother_Waits()
    {
        var wait = WaitAsync("desk");
        _signal.Raise("review");
        Assert.False(wait.IsCompleted);

        _signal.Raise("desk");

        await wait.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task WaitAsync_NobodyRaises_EndsInTime()
    {
        var wait = WaitAsync("desk");

        _time.Advance(TimeSpan.FromSeconds(1));

        await wait.WaitAsync(Gate.Patience, TestContext.Current.CancellationToken);
    }

    private Task WaitAsync(string target) => _signal.WaitAsync(target, TimeSpan.FromSeconds(1), _time, CancellationToken.None);
}
