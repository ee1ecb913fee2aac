using Microsoft.Extensions.Options;

namespace OrleansInference.Grains.Users;

/// <summary>Writes the snapshots that are due soon while a silo that stops still serves their users.</summary>
/// <remarks>
/// Once it leaves, all its users end at the same time: with a write for each, whoever asked for one of them would wait for as long as
/// grain storage takes for all.
/// </remarks>
internal sealed class SnapshotsBeforeLeaving(SnapshotSchedule schedule, SnapshotOutage outage, IOptions<SnapshotOptions> options, TimeProvider time) : ILifecycleParticipant<ISiloLifecycle>
{
    // Stages stop from the last to the first: before the silo says that it goes.
    private const int AfterActive = ServiceLifecycleStage.Active + 1;

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe<SnapshotsBeforeLeaving>(AfterActive, _ => Task.CompletedTask, StopAsync);

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(options.Value.StopTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            await schedule.FlushAsync(outage, either.Token);
        }
        catch (OperationCanceledException)
        {
            // The log has what is missing.
        }
    }
}
