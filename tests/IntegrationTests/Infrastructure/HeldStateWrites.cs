using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Providers;
using Orleans.Runtime;
using Orleans.Storage;

namespace IntegrationTests.Infrastructure;

/// <summary>Grain storage in front of the program's own: a write stays until the test lets it fail.</summary>
internal sealed class HeldStateWrites
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isArmed;

    /// <summary>Completes when a write has come after <see cref="Arm"/>.</summary>
    public Task Reached => _reached.Task.WaitAsync(Patience);

    /// <summary>From now on writes stay.</summary>
    public void Arm() => _isArmed = true;

    /// <summary>The writes that stay fail; later ones go through.</summary>
    public void Fail()
    {
        _isArmed = false;
        _over.SetResult();
    }

    /// <summary>Puts it in front of the storage that is registered.</summary>
    public void Hold(IServiceCollection services)
    {
        const string Name = ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME;
        var own = services.Last(service => service.ServiceType == typeof(IGrainStorage) && Name.Equals(service.ServiceKey));
        services.AddKeyedSingleton<IGrainStorage>(Name, (provider, key) => new Storage(this, (IGrainStorage)own.KeyedImplementationFactory!(provider, key)));
    }

    private async Task PassAsync()
    {
        if (!_isArmed) return;
        _reached.TrySetResult();
        await _over.Task.WaitAsync(Patience);
        throw new IOException("on purpose");
    }

    private sealed class Storage(HeldStateWrites writes, IGrainStorage own) : IGrainStorage
    {
        public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => own.ReadStateAsync(stateName, grainId, grainState);

        public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            await writes.PassAsync();
            await own.WriteStateAsync(stateName, grainId, grainState);
        }

        public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => own.ClearStateAsync(stateName, grainId, grainState);
    }
}
