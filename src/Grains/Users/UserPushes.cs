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
/// <param name="views">The user's views in memory: what they have is kept, and what was kept is given back to them.</param>
internal sealed class UserPushes(GrainId user, PushStore store, IReadOnlyList<CachedFeatureView> views)
{
    private const int Tries = 3;

    private static readonly Dictionary<string, PushedFeatures> Nothing = [];

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
        if (!IsLoaded) return _load is { IsCompleted: false } ? _load : _load = ReadAsync();

        // For a user who stays, a task that is over is only memory.
        _load = null;
        return Task.CompletedTask;
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
            var kept = new Dictionary<string, PushedFeatures>(_kept!);
            foreach (var view in views)
            {
                if (view.GetPushed() is { } pushed) kept[view.View.Name] = pushed;
                else kept.Remove(view.View.Name);
            }

            try
            {
                // Never changed once it is handed over.
                _kept = kept;
                _etag = await store.WriteAsync(user, kept, _etag);
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
        (_kept, _etag) = (kept.Count == 0 ? Nothing : kept, etag);
        foreach (var view in views)
        {
            if (kept.TryGetValue(view.View.Name, out var pushed)) view.PutBack(pushed);
        }
    }
}
