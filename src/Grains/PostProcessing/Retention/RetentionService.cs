using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Windows;

namespace OrleansInference.Grains.PostProcessing.Retention;

/// <summary>Deletes what is older than the configured ages, in small batches with pauses between.</summary>
/// <remarks>Runs on every silo: two that delete the same rows only find fewer.</remarks>
internal sealed partial class RetentionService(
    IRetention retention, FeatureSources sources, IOptions<RetentionOptions> options, TimeProvider time, InferenceInstruments instruments, ILogger<RetentionService> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await RunOnceAsync(stoppingToken);
            await Task.Delay(options.Value.Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RunOnceAsync(CancellationToken stoppingToken)
    {
        try
        {
            var messages = await DeleteMessagesAsync(stoppingToken);
            var predictions = options.Value.Predictions is { } age ? await DeletePredictionsAsync(age, stoppingToken) : 0;
            if (messages + predictions > 0) LogDeleted(predictions, messages);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The rest is as old at the next start.
        }
        catch (Exception e)
        {
            instruments.OnRetentionFailed();
            LogFailed(e);
        }
    }

    private async Task<int> DeletePredictionsAsync(TimeSpan age, CancellationToken stoppingToken)
    {
        var (before, all) = (time.GetUtcNow() - age, 0);
        var windowsFrom = time.GetUtcNow() - WindowReach.Of(sources);
        for (RetentionCursor? from = RetentionCursor.Start; from is { } next;)
        {
            (var deleted, from) = await retention.DeletePredictionsAsync(before, windowsFrom, next, options.Value.BatchSize, stoppingToken);
            all += deleted;
            instruments.OnRetired("prediction", deleted);
            if (from is not null) await Task.Delay(options.Value.Pause, time, stoppingToken);
        }

        return all;
    }

    private async Task<int> DeleteMessagesAsync(CancellationToken stoppingToken)
    {
        var now = time.GetUtcNow();
        for (var all = 0; ;)
        {
            var deleted = await retention.DeleteMessagesAsync(now - options.Value.Delivered, now - options.Value.DeadLetters, options.Value.BatchSize, stoppingToken);
            all += deleted;
            instruments.OnRetired("message", deleted);
            if (deleted < options.Value.BatchSize) return all;
            await Task.Delay(options.Value.Pause, time, stoppingToken);
        }
    }

    [LoggerMessage(EventIds.Retired, LogLevel.Information, "Retention deleted {Predictions} predictions and {Messages} messages")]
    private partial void LogDeleted(int predictions, int messages);

    [LoggerMessage(EventIds.RetentionFailed, LogLevel.Warning, "Retention could not delete what is too old; it tries again at its next look")]
    private partial void LogFailed(Exception cause);
}
