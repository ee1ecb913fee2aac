using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Providers;
using Orleans.Storage;

namespace OrleansInference.Grains.Models.Control;

/// <summary>Reads what the control grains have stored while the silo is not in the cluster yet, and asks them from then on.</summary>
internal sealed class JoiningControlStates(
    [FromKeyedServices(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME)] IGrainStorage storage, IGrainFactory grains, ILogger<ControlStates> logger) : IControlStates
{
    private readonly ControlStates _joined = new(grains, logger);
    private volatile bool _hasJoined;

    /// <summary>From now on the grains can be asked.</summary>
    public void OnJoined() => _hasJoined = true;

    public Task<ModelControlState> GetAsync(string model) => _hasJoined ? _joined.GetAsync(model) : ReadAsync(model);

    private async Task<ModelControlState> ReadAsync(string model)
    {
        var state = new GrainState<ModelControlState>(new ModelControlState());
        try
        {
            await storage.ReadStateAsync(ModelControlGrain.StateName, GrainId.Create(ModelControlGrain.TypeName, model), state).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not InferenceException)
        {
            throw _joined.NotRead(e, model);
        }

        return state.State ?? new ModelControlState();
    }
}
