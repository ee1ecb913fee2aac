using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models;

namespace OrleansInference.Grains.PostProcessing.Replay;

/// <summary>Lets replays that were at work when their silo ended go on, once the models are there.</summary>
internal sealed partial class ReplayResumption(IInferenceStartup startup, IGrainFactory grains, ILogger<ReplayResumption> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await startup.Completion.WaitAsync(stoppingToken);
            await grains.GetGrain<IReplayRosterGrain>(IReplayRosterGrain.Key).ResumeAsync().WaitAsync(stoppingToken);
        }
        catch (Exception) when (stoppingToken.IsCancellationRequested || startup.Completion.IsFaulted)
        {
            // There is nothing to go on with.
        }
        catch (Exception e)
        {
            LogNotResumed(e);
        }
    }

    [LoggerMessage(EventIds.ReplaysNotResumed, LogLevel.Warning, "Replays that were interrupted do not go on by themselves; each goes on when it is asked for")]
    private partial void LogNotResumed(Exception cause);
}
