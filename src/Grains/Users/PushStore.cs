using Microsoft.Extensions.DependencyInjection;
using Orleans.Providers;
using Orleans.Storage;
using OrleansInference.Grains.Features.Views;

namespace OrleansInference.Grains.Users;

/// <summary>What was pushed for users, in grain storage, apart from their snapshots: a push waits for its write.</summary>
internal sealed class PushStore([FromKeyedServices(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME)] IGrainStorage storage)
{
    private const string State = "pushed";

    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public async Task<(Dictionary<string, PushedFeatures> Pushed, string? ETag)> ReadAsync(GrainId user)
    {
        var state = new GrainState<PushedState>(new PushedState());
        try
        {
            await storage.ReadStateAsync(State, user, state);
        }
        catch (Exception e) when (e is not InferenceException)
        {
            throw Unavailable("read", e);
        }

        return (state.State?.Views ?? [], state.ETag);
    }

    /// <returns>The new etag.</returns>
    /// <exception cref="InconsistentStateException">Another activation has written since.</exception>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public async Task<string?> WriteAsync(GrainId user, Dictionary<string, PushedFeatures> pushed, string? etag)
    {
        var state = new GrainState<PushedState>(new PushedState { Views = pushed }, etag) { RecordExists = etag is not null };
        try
        {
            await storage.WriteStateAsync(State, user, state);
        }
        catch (Exception e) when (e is not InferenceException and not InconsistentStateException)
        {
            throw Unavailable("kept", e);
        }

        return state.ETag;
    }

    /// <summary>Removes what is kept of a user, whoever wrote it last.</summary>
    public async Task ClearAsync(GrainId user)
    {
        var state = new GrainState<PushedState>(new PushedState());
        await storage.ReadStateAsync(State, user, state);
        if (state.RecordExists) await storage.ClearStateAsync(State, user, state);
    }

    private static InferenceException Unavailable(string what, Exception cause) => new(
        InferenceErrorCode.StorageUnavailable, $"The user's pushed features could not be {what}: {cause.Message.TrimEnd('.')}. Retry.", TimeSpan.FromSeconds(1));
}

/// <summary>The state as it is stored.</summary>
[GenerateSerializer, Alias("inference.pushed-state")]
internal sealed class PushedState
{
    [Id(0)]
    public Dictionary<string, PushedFeatures> Views { get; set; } = [];
}
