using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace UnitTests.Fakes;

/// <summary>Fake time that tells when somebody begins to wait for it, so that a test moves it no sooner.</summary>
internal sealed class TimerSignalTimeProvider : FakeTimeProvider
{
    private readonly Channel<ITimer> _timers = Channel.CreateUnbounded<ITimer>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _timers.Writer.TryWrite(timer);
        return timer;
    }

    /// <summary>Completes when one more timer has been made than this was awaited before.</summary>
    public async Task NextTimerAsync() => await _timers.Reader.ReadAsync().AsTask().WaitAsync(Gate.Patience);
}
