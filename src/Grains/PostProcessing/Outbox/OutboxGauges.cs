using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>Counts the outbox now and then for its gauges, so that collecting metrics asks no database.</summary>
/// <remarks>Every silo counts the whole outbox: read one silo's gauges, or the maximum.</remarks>
internal sealed partial class OutboxGauges(IOutbox outbox, TimeProvider time, InferenceInstruments instruments, ILogger<OutboxGauges> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await RefreshAsync(stoppingToken);
            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RefreshAsync(CancellationToken stoppingToken)
    {
        try
        {
            instruments.OnOutboxCounted(await outbox.ReadLevelsAsync(stoppingToken), time);
        }
        catch (Exception e)
        {
            if (!stoppingToken.IsCancellationRequested) LogNotCounted(e);
        }
    }

    [LoggerMessage(EventIds.OutboxNotCounted, LogLevel.Warning, "The outbox could not be counted; its gauges show what was counted last")]
    private partial void LogNotCounted(Exception cause);
}
