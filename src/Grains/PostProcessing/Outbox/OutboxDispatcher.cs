using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>Delivers the outbox to its webhooks: at least once, in order for each user and target, on every silo.</summary>
/// <remarks>
/// Each target has a loop of its own, so that a slow or dead receiver holds up no other; one more takes the messages of targets
/// that are no longer configured. When the program stops, no more is claimed, what is under way may end within StopTimeout, and
/// what is left goes back at once for others to claim.
/// </remarks>
internal sealed partial class OutboxDispatcher(
    IOutbox outbox,
    OutboxSignal signal,
    WebhookTargets targets,
    WebhookSender sender,
    IOptions<OutboxOptions> options,
    TimeProvider time,
    InferenceInstruments instruments,
    ILogger<OutboxDispatcher> logger) : BackgroundService
{
    private readonly string _owner = $"{Environment.MachineName}:{Environment.ProcessId}:{Guid.NewGuid():N}";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var abandon = new CancellationTokenSource();
        var loops = Task.WhenAll([.. targets.Names.Select(target => Loop(target, abandon.Token).RunAsync(stoppingToken)), RunUnconfiguredAsync(stoppingToken, abandon.Token)]);
        await Task.Delay(Timeout.Infinite, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await loops.WaitAsync(options.Value.StopTimeout, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await abandon.CancelAsync();
        await loops;
        await ReleaseAsync();
    }

    // Nobody signals for these: they have been in the outbox since the program ran with another configuration.
    private async Task RunUnconfiguredAsync(CancellationToken stoppingToken, CancellationToken abandon)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            foreach (var target in await FindUnconfiguredAsync(stoppingToken)) await Loop(target, abandon).RunUntilEmptyAsync(stoppingToken);
            await Task.Delay(options.Value.PollInterval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<IEnumerable<string>> FindUnconfiguredAsync(CancellationToken stoppingToken)
    {
        try
        {
            return (await outbox.ReadWaitingTargetsAsync(stoppingToken)).Where(target => !targets.Contains(target));
        }
        catch (Exception e)
        {
            if (!stoppingToken.IsCancellationRequested) LogUnreadable(e);
            return [];
        }
    }

    private TargetLoop Loop(string target, CancellationToken abandon)
    {
        var pause = new TargetPause(options.Value, time);
        return new(target, _owner, outbox, signal, new MessageDelivery(outbox, sender, pause, options.Value, time, instruments, logger), pause, options.Value, time, logger, abandon);
    }

    private async Task ReleaseAsync()
    {
        try
        {
            using var patience = new CancellationTokenSource(options.Value.StopTimeout, time);
            if (await outbox.ReleaseAsync(_owner, patience.Token) is var released and > 0) LogReleased(released);
        }
        catch (Exception e)
        {
            // Their leases end by themselves.
            LogNotReleased(e);
        }
    }

    [LoggerMessage(EventIds.OutboxUnavailable, LogLevel.Error, "The outbox cannot be searched for messages whose target is not configured; they wait")]
    private partial void LogUnreadable(Exception cause);

    [LoggerMessage(EventIds.MessagesReleased, LogLevel.Information, "{Messages} messages were not delivered before the program stopped, and are due at once")]
    private partial void LogReleased(int messages);

    [LoggerMessage(EventIds.MessagesNotReleased, LogLevel.Warning, "The messages under way could not be given back; they are due when their leases end")]
    private partial void LogNotReleased(Exception cause);
}
