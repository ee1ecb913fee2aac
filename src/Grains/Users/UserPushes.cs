using Orleans.Storage;
using OrleansInference.Grains.Features.Views;

namespace OrleansInference.Grains.Users;

/// <summary>What was pushed for a user, in grain storage: an accepted push outlives the activation and the silo.</summary>
/// <remarks>
/// Promises: a push that was kept is there after the next load; pushes that come while one is being written are written together.
/// Runs on the user grain's turns only.
/// </remarks>
/// <param name="user">The user's grain.</param>
/// <param name="store">Grain storage.</param>
/// <param name="take">What memory has, by view: a null takes what was kept of the view away.</param>
/// <param name="putBack">Gives memory what was kept.</param>
internal sealed class UserPushes(
    GrainId user, PushStore store, Func<IEnumerable<(string View, PushedFeatures? Pushed)>> take, Action<IReadOnlyDictionary<string, PushedFeatures>> putBack)
{
    private const int Tries = 3;

    private Dictionary<string, PushedFeatures>? _kept;
    private string? _etag;
    private Task? _load;
    private Task _saving = Task.CompletedTask;
    private Task? _next;

    public bool IsLoaded => _kept is not null;

    /// <summary>What was kept of a view.</summary>
    public PushedFeatures? Find(string view) => _kept?.GetValueOrDefault(view);

    /// <summary>Reads what was kept, once.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public Task LoadAsync()
    {
        if (IsLoaded) return Task.CompletedTask;
        return _load is { IsCompleted: false } ? _load : _load = ReadAsync();
    }

    /// <summary>Keeps what memory has now.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public Task SaveAsync() => _next ??= SaveNextAsync();

    /// <summary>Removes what is kept.</summary>
    public async Task ClearAsync()
    {
        await (_next ?? _saving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await store.ClearAsync(user);
        Forget();
    }

    /// <summary>Forgets what was read; it is read again before it is used.</summary>
    public void Forget() => (_kept, _etag, _load) = (null, null, null);

    // The one under way may have taken what memory had before the latest push.
    private async Task SaveNextAsync()
    {
        await _saving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.ForceYielding);
        (_saving, _next) = (WriteAsync(), null);
        await _saving;
    }

    private async Task WriteAsync()
    {
        for (var tried = 1; ; tried++)
        {
            await LoadAsync();
            foreach (var (view, pushed) in take())
            {
                if (pushed is null) _kept!.Remove(view);
                else _kept![view] = pushed;
            }

            try
            {
                _etag = await store.WriteAsync(user, new Dictionary<string, PushedFeatures>(_kept!), _etag);
                return;
            }
            catch (InconsistentStateException) when (tried < Tries)
            {
                // Another activation has written: what it knows that is later than ours is later.
                Forget();
            }
        }
    }

    private async Task ReadAsync()
    {
        var (kept, etag) = await store.ReadAsync(user);
        (_kept, _etag) = (kept, etag);
        putBack(kept);
    }
}
