using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Providers;
using Orleans.Storage;
using OrleansInference.Grains.PostProcessing;

namespace OrleansInference.Grains.Users;

/// <summary>The snapshots of users in grain storage.</summary>
/// <remarks>A snapshot is no fence: the log's sequence numbers are.</remarks>
internal sealed class UserSnapshots(
    [FromKeyedServices(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME)] IGrainStorage storage,
    IPredictionLog log,
    SnapshotOutage outage,
    IOptions<SnapshotOptions> options,
    TimeProvider time)
{
    private readonly UserStates<UserSnapshot> _states = new(storage, outage, "user", "snapshot");

    /// <summary>The user's snapshot, if it comes in the time that a prediction has for it.</summary>
    /// <returns>Null where it could not be read: nothing is known of it then.</returns>
    public async Task<KeptSnapshot?> TryReadAsync(GrainId user)
    {
        if (outage.IsPausing) return null;
        using var timeout = new CancellationTokenSource(options.Value.ReadTimeout, time);
        try
        {
            return await ReadAsync(user, timeout.Token);
        }
        catch (InferenceException)
        {
            return null;
        }
    }

    /// <summary>The user's snapshot.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public Task<KeptSnapshot> ReadAsync(GrainId user) => ReadAsync(user, CancellationToken.None);

    /// <summary>Keeps a snapshot, and tells the log which records it need not keep for it.</summary>
    /// <returns>The new etag.</returns>
    /// <exception cref="InconsistentStateException">Another activation has written since.</exception>
    /// <exception cref="ArgumentException">It is larger than the storage takes.</exception>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public async Task<string?> WriteAsync(GrainId user, UserSnapshot snapshot, string? etag)
    {
        var written = await _states.WriteAsync(user, snapshot, etag);
        await log.ReleaseEventsAsync(user.Key.ToString()!, snapshot.Sequence);
        return written;
    }

    /// <summary>Removes the user's snapshot, whoever wrote it last.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public Task ClearAsync(GrainId user) => _states.ClearAsync(user);

    private async Task<KeptSnapshot> ReadAsync(GrainId user, CancellationToken cancellationToken)
    {
        var state = await _states.ReadAsync(user, cancellationToken);
        return state.RecordExists ? new KeptSnapshot(state.State, state.ETag) : KeptSnapshot.None;
    }
}

/// <summary>What grain storage has of a user.</summary>
/// <param name="Snapshot">The snapshot; null where there is none.</param>
/// <param name="ETag">Of the snapshot.</param>
internal sealed record KeptSnapshot(UserSnapshot? Snapshot, string? ETag)
{
    public static KeptSnapshot None { get; } = new(null, null);
}
