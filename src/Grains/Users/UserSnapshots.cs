using Microsoft.Extensions.DependencyInjection;
using Orleans.Providers;
using Orleans.Storage;
using OrleansInference.Grains.PostProcessing;

namespace OrleansInference.Grains.Users;

/// <summary>The snapshots of users in grain storage.</summary>
/// <remarks>
/// Asked for when a user's windows are needed, and not by every activation as a grain's own state would be. A snapshot is no
/// fence: the log's sequence numbers are.
/// </remarks>
internal sealed class UserSnapshots([FromKeyedServices(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME)] IGrainStorage storage, IPredictionLog log)
{
    private const string State = "user";

    /// <summary>The user's snapshot; null where there is none.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public async Task<(UserSnapshot? Snapshot, string? ETag)> ReadAsync(GrainId user)
    {
        var state = new GrainState<UserSnapshot>(new UserSnapshot());
        try
        {
            await storage.ReadStateAsync(State, user, state);
        }
        catch (Exception e) when (e is not InferenceException)
        {
            throw new InferenceException(InferenceErrorCode.StorageUnavailable, $"The user's snapshot could not be read: {e.Message.TrimEnd('.')}. Retry.", TimeSpan.FromSeconds(1));
        }

        return state.RecordExists ? (state.State, state.ETag) : (null, null);
    }

    /// <summary>Keeps a snapshot, and tells the log which records it need not keep for it.</summary>
    /// <returns>The new etag.</returns>
    /// <exception cref="InconsistentStateException">Another activation has written since.</exception>
    public async Task<string?> WriteAsync(GrainId user, UserSnapshot snapshot, string? etag)
    {
        var state = new GrainState<UserSnapshot>(snapshot, etag) { RecordExists = etag is not null };
        await storage.WriteStateAsync(State, user, state);
        await log.ReleaseEventsAsync(user.Key.ToString()!, snapshot.Sequence);
        return state.ETag;
    }

    /// <summary>Removes the user's snapshot, whoever wrote it last.</summary>
    public async Task ClearAsync(GrainId user)
    {
        var state = new GrainState<UserSnapshot>(new UserSnapshot());
        await storage.ReadStateAsync(State, user, state);
        if (state.RecordExists) await storage.ClearStateAsync(State, user, state);
    }
}
