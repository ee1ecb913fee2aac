using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models;

namespace OrleansInference.Grains.PostProcessing.Replay;

/// <summary>Lets replays go on whose silo has ended: once the models are there, and about once a minute from then on.</summary>
/// <remarks>Runs on every silo, since any of them may be the one that is left. A replay that is at work is not disturbed.</remarks>
internal sealed partial class ReplayResumption(
    IInferenceStartup startup, IGrainFactory grains, TimeProvider time, InferenceInstruments instruments, ILogger<ReplayResumption> logger) : BackgroundService
{
    /// <summary>Longest time between two looks.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(75);

    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(45);

    private bool _isFailing;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await startup.Completion.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // Without models there is nothing to go on with.
        if (!startup.Completion.IsCompletedSuccessfully) return;
        while (!stoppingToken.IsCancellationRequested)
        {
            await ResumeAsync(stoppingToken);
            await Task.Delay(Pause(), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ResumeAsync(CancellationToken stoppingToken)
    {
        try
        {
            await grains.GetGrain<IReplayRosterGrain>(IReplayRosterGrain.Key).ResumeAsync().WaitAsync(stoppingToken);
            _isFailing = false;
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Another silo, or the next start.
        }
        catch (Exception e)
        {
            instruments.OnReplaysNotResumed();
            if (!_isFailing) LogNotResumed(e);
            _isFailing = true;
        }
    }

    // Silos that started together look at different times.
    private static TimeSpan Pause() => ShortestPause + ((LongestPause - ShortestPause) * Random.Shared.NextDouble());

    [LoggerMessage(EventIds.ReplaysNotResumed, LogLevel.Warning, "Replays that were interrupted could not be asked to go on; they are asked again about once a minute")]
    private partial void LogNotResumed(Exception cause);
}
