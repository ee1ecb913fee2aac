using System.Collections.Concurrent;

namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>Wakes who delivers to a target, so that a new message waits for no look at the clock.</summary>
/// <remarks>Threads: any. A signal that nobody waits for is kept until the next wait; several are one.</remarks>
public sealed class OutboxSignal
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _signals = new();

    /// <summary>Says that there may be something to do for the target of each message, after their commit.</summary>
    public void Raise(IEnumerable<OutboxMessage> messages)
    {
        foreach (var message in messages) Raise(message.Target);
    }

    /// <summary>Says that there may be something to do for a target.</summary>
    public void Raise(string target) => Signal(target).TrySetResult();

    /// <summary>Completes at the next signal for the target, at once after one since the last wait, or after <paramref name="atMost"/>; never fails.</summary>
    public async Task WaitAsync(string target, TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        await Signal(target).Task.WaitAsync(atMost, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // Taken back before the waiter looks: what is raised while it looks is there for its next wait.
        _signals[target] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private TaskCompletionSource Signal(string target) =>
        _signals.GetOrAdd(target, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
