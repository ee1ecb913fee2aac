using OrleansInference.Grains.Models.Control;

namespace OrleansInference.Grains.Models;

/// <summary>Loads the models of the start before the silo joins its cluster: users who come to it find them warm.</summary>
internal sealed class ModelsBeforeJoining(ModelStartup startup, JoiningControlStates controls) : ILifecycleParticipant<ISiloLifecycle>
{
    // After the storages have started, before anybody is told of the silo.
    private const int BeforeActive = ServiceLifecycleStage.BecomeActive - 1;

    public void Participate(ISiloLifecycle lifecycle)
    {
        lifecycle.Subscribe<ModelsBeforeJoining>(BeforeActive, _ => startup.LoadBeforeJoiningAsync());
        lifecycle.Subscribe<ModelsBeforeJoining>(ServiceLifecycleStage.Active, OnActiveAsync);
    }

    private Task OnActiveAsync(CancellationToken cancellationToken)
    {
        controls.OnJoined();
        return Task.CompletedTask;
    }
}
