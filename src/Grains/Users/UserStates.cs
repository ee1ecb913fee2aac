using Orleans.Storage;

namespace OrleansInference.Grains.Users;

/// <summary>One kind of users' state in grain storage, and what its failures tell of that.</summary>
/// <remarks>Asked for when it is needed, and not by every activation as a grain's own state would be.</remarks>
/// <param name="storage">Grain storage.</param>
/// <param name="outage">Told whether it answers.</param>
/// <param name="name">The state's name, a part of its key.</param>
/// <param name="what">What callers know it by, such as "snapshot".</param>
internal sealed class UserStates<TState>(IGrainStorage storage, SnapshotOutage outage, string name, string what)
    where TState : class, new()
{
    /// <summary>A user's state, and whether there is one.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public async Task<GrainState<TState>> ReadAsync(GrainId user, CancellationToken cancellationToken = default)
    {
        var state = new GrainState<TState>(new TState());

        // Not every storage heeds the token.
        await AskAsync(() => storage.ReadStateAsync(name, user, state, cancellationToken).WaitAsync(cancellationToken), "read");
        return state;
    }

    /// <returns>The new etag.</returns>
    /// <exception cref="InconsistentStateException">Another activation has written since.</exception>
    /// <exception cref="ArgumentException">It is larger than the storage takes.</exception>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public async Task<string?> WriteAsync(GrainId user, TState written, string? etag)
    {
        var state = new GrainState<TState>(written, etag) { RecordExists = etag is not null };
        await AskAsync(() => storage.WriteStateAsync(name, user, state), "written");
        return state.ETag;
    }

    /// <summary>Removes a user's state, whoever wrote it last.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public async Task ClearAsync(GrainId user)
    {
        var state = await ReadAsync(user);
        if (state.RecordExists) await AskAsync(() => storage.ClearStateAsync(name, user, state), "removed");
    }

    /// <summary>What a caller is told of a state that could not be read, written or removed.</summary>
    public InferenceException Unavailable(string done) => new(
        InferenceErrorCode.StorageUnavailable, $"The user's {what} could not be {done}: grain storage does not answer. Retry.", TimeSpan.FromSeconds(1));

    private async Task AskAsync(Func<Task> ask, string done)
    {
        try
        {
            await ask();
            outage.OnAnswered();
        }
        catch (Exception e) when (e is InconsistentStateException or ArgumentException)
        {
            outage.OnAnswered();
            throw;
        }
        catch (Exception e)
        {
            outage.OnFailed(e);

            // The storage's own words are for the log: they may be long, and tell of what callers need not know.
            if (e is InferenceException) throw;
            throw Unavailable(done);
        }
    }
}
