using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>
/// Claims the messages of one target and hands them out, up to MaxConcurrency at once; a slot that is free claims the next. While the
/// receiver has asked to be left alone, none is claimed.
/// </summary>
/// <remarks>
/// Threads: the loop alone claims; deliveries end on any thread and only count and signal. A claim asks for no more than there
/// are free slots, so no lease runs while its message waits for one.
/// </remarks>
internal sealed partial class TargetLoop(
    string target,
    string owner,
    IOutbox outbox,
    OutboxSignal signal,
    MessageDelivery delivery,
    TargetPause pause,
    OutboxOptions options,
    TimeProvider time,
    ILogger logger,
    CancellationToken abandon)
{
    private int _underWay;

    /// <summary>Runs until the program stops and what is under way has ended.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            var wait = pause.Left;
            if (wait <= TimeSpan.Zero) wait = await TryFillAsync(stopping) is null ? options.RetryDelay : options.PollInterval;
            await signal.WaitAsync(target, wait, time, stopping);
        }

        await DrainAsync();
    }

    /// <summary>Runs until nothing more is due.</summary>
    public async Task RunUntilEmptyAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested && await TryFillAsync(stopping) > 0) await DrainAsync();
    }

    // How many it claimed; null when it could not.
    private async Task<int?> TryFillAsync(CancellationToken stopping)
    {
        try
        {
            return await FillAsync(stopping);
        }
        catch (Exception e)
        {
            // Whatever it was, the messages stay where they are, and the next look may fare better.
            if (!stopping.IsCancellationRequested) LogOutboxUnavailable(e, target);
            return null;
        }
    }

    private async Task<int> FillAsync(CancellationToken stopping)
    {
        var free = options.MaxConcurrency - Volatile.Read(ref _underWay);
        if (free == 0) return 0;
        var claimed = await outbox.ClaimAsync(target, owner, options.Lease, free, stopping);
        foreach (var message in claimed) Begin(message);
        return claimed.Count;
    }

    private void Begin(ClaimedMessage message)
    {
        Interlocked.Increment(ref _underWay);
        _ = EndAsync(delivery.DeliverAsync(message, abandon));
    }

    private async Task EndAsync(Task delivered)
    {
        await delivered.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        Interlocked.Decrement(ref _underWay);

        // The slot is free, and the next of the lane is due.
        signal.Raise(target);
    }

    private async Task DrainAsync()
    {
        while (Volatile.Read(ref _underWay) > 0) await signal.WaitAsync(target, options.PollInterval, time, CancellationToken.None);
    }

    [LoggerMessage(EventIds.OutboxUnavailable, LogLevel.Error, "The outbox cannot be read or written; the messages to {Target} wait")]
    private partial void LogOutboxUnavailable(Exception cause, string target);
}
