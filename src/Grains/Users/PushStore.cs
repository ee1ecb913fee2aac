using Microsoft.Extensions.DependencyInjection;
using Orleans.Providers;
using Orleans.Storage;
using OrleansInference.Grains.Features.Views;

namespace OrleansInference.Grains.Users;

/// <summary>What was pushed for users, in grain storage, apart from their snapshots: a push waits for its write.</summary>
internal sealed class PushStore([FromKeyedServices(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME)] IGrainStorage storage, SnapshotOutage outage)
{
    private const string State = "pushed";

    /// <summary>What is kept of a user; at once that it cannot be had, while grain storage is known not to answer.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public async Task<(Dictionary<string, PushedFeatures> Pushed, string? ETag)> ReadAsync(GrainId user)
    {
        if (outage.IsPausing) throw Unavailable("read");
        var state = new GrainState<PushedState>(new PushedState());
        await AskAsync(() => storage.ReadStateAsync(State, user, state), "read");
        return (state.State?.Views ?? [], state.ETag);
    }

    /// <returns>The new etag.</returns>
    /// <exception cref="InconsistentStateException">Another activation has written since.</exception>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public async Task<string?> WriteAsync(GrainId user, Dictionary<string, PushedFeatures> pushed, string? etag)
    {
        var state = new GrainState<PushedState>(new PushedState { Views = pushed }, etag) { RecordExists = etag is not null };
        await AskAsync(() => storage.WriteStateAsync(State, user, state), "kept");
        return state.ETag;
    }

    /// <summary>Removes what is kept of a user, whoever wrote it last.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public async Task ClearAsync(GrainId user)
    {
        var state = new GrainState<PushedState>(new PushedState());
        await AskAsync(() => storage.ReadStateAsync(State, user, state), "read");
        if (state.RecordExists) await AskAsync(() => storage.ClearStateAsync(State, user, state), "removed");
    }

    private async Task AskAsync(Func<Task> ask, string done)
    {
        try
        {
            await ask();
            outage.OnAnswered();
        }
        catch (InconsistentStateException)
        {
            outage.OnAnswered();
            throw;
        }
        catch (Exception e)
        {
            outage.OnFailed(e);
            throw Unavailable(done);
        }
    }

    private static InferenceException Unavailable(string done) => new(
        InferenceErrorCode.StorageUnavailable, $"The user's pushed features could not be {done}: grain storage does not answer. Retry.", TimeSpan.FromSeconds(1));
}

/// <summary>The state as it is stored.</summary>
[GenerateSerializer, Alias("inference.pushed-state")]
internal sealed class PushedState
{
    [Id(0)]
    public Dictionary<string, PushedFeatures> Views { get; set; } = [];
}
