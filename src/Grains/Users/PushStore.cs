using Microsoft.Extensions.DependencyInjection;
using Orleans.Providers;
using Orleans.Storage;
using OrleansInference.Grains.Features.Views;

namespace OrleansInference.Grains.Users;

/// <summary>What was pushed for users, in grain storage, apart from their snapshots: a push waits for its write.</summary>
internal sealed class PushStore([FromKeyedServices(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME)] IGrainStorage storage, SnapshotOutage outage)
{
    private readonly UserStates<PushedState> _states = new(storage, outage, "pushed", "pushed features");

    /// <summary>What is kept of a user; at once that it cannot be had, while grain storage is known not to answer.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public async Task<(Dictionary<string, PushedFeatures> Pushed, string? ETag)> ReadAsync(GrainId user)
    {
        if (outage.IsPausing) throw _states.Unavailable("read");
        var state = await _states.ReadAsync(user);
        return (state.State?.Views ?? [], state.ETag);
    }

    /// <returns>The new etag.</returns>
    /// <exception cref="InconsistentStateException">Another activation has written since.</exception>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public Task<string?> WriteAsync(GrainId user, Dictionary<string, PushedFeatures> pushed, string? etag) =>
        _states.WriteAsync(user, new PushedState { Views = pushed }, etag);

    /// <summary>Removes what is kept of a user, whoever wrote it last.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public Task ClearAsync(GrainId user) => _states.ClearAsync(user);
}

/// <summary>The state as it is stored.</summary>
[GenerateSerializer, Alias("inference.pushed-state")]
internal sealed class PushedState
{
    [Id(0)]
    public Dictionary<string, PushedFeatures> Views { get; set; } = [];
}
