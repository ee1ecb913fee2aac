using Orleans.Storage;
using OrleansInference.Grains.Features.Views;

namespace OrleansInference.Grains.Users;

/// <summary>What was pushed for a user, in grain storage: an accepted push outlives the activation and the silo.</summary>
/// <remarks>
/// Promises: a push that was kept is there after the next load; pushes that come while one is being written are written together.
/// Runs on the user grain's turns only.
/// </remarks>
/// <param name="user">Whose they are.</param>
/// <param name="store">Grain storage.</param>
/// <param name="views">The user's views in memory: what they have is kept, what was kept is given back to them, and they go where they have what cannot be kept.</param>
internal sealed class UserPushes(UserIdentity user, PushStore store, List<CachedFeatureView> views)
{
    private const int Tries = 3;

    private static readonly Dictionary<string, PushedFeatures> Nothing = [];

    private Dictionary<string, PushedFeatures>? _kept;
    private string? _etag;
    private Task? _load;
    private Task<bool>? _saving;
    private Task<bool>? _next;
    private int _timesLetGo;

    // Raised when what was read is forgotten: what was being read then is not used.
    private int _generation;

    public bool IsLoaded => _kept is not null;

    /// <summary>Whether nothing is kept of the user, and nothing is on its way to be.</summary>
    public bool IsNothing => _kept == Nothing && _etag is null && _saving is null && _next is null;

    /// <summary>What was kept of a view.</summary>
    public PushedFeatures? Find(string view) => _kept?.GetValueOrDefault(view);

    /// <summary>Reads what was kept, once.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public Task LoadAsync()
    {
        if (IsLoaded) return Task.CompletedTask;
        return _load is { IsCompleted: false } ? _load : _load = ReadAsync();
    }

    /// <summary>Checks before a push is taken that what memory would have then can be kept.</summary>
    /// <param name="view">The view that is pushed to.</param>
    /// <param name="next">What would be kept of it.</param>
    /// <exception cref="InferenceException">InvalidInput: grain storage does not take that much.</exception>
    public void EnsureFits(string view, PushedFeatures next)
    {
        var kept = TakeFromMemory();
        kept[view] = next;
        store.EnsureFits(view, kept);
    }

    /// <summary>Keeps what memory has now.</summary>
    /// <returns>
    /// False where another activation has kept so much that grain storage does not take both: what is kept is what that one kept, and
    /// memory has let go of everything else. Who changed something does so again, beside what is kept by then.
    /// </returns>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public Task<bool> SaveAsync() => _next ??= SaveNextAsync(_timesLetGo);

    /// <summary>Removes what is kept.</summary>
    public async Task ClearAsync()
    {
        await (_next ?? _saving ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await store.ClearAsync(user.Grain);
        Forget();
    }

    /// <summary>Forgets what was read; it is read again before it is used.</summary>
    public void Forget() => (_kept, _etag, _load, _generation) = (null, null, null, _generation + 1);

    // The one under way may have taken what memory had before the latest push.
    private async Task<bool> SaveNextAsync(int timesLetGo)
    {
        await (_saving ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.ForceYielding);

        // The one under way let go of ours as well.
        if (timesLetGo != _timesLetGo) return false;
        (_saving, _next) = (WriteAsync(), null);
        return await _saving;
    }

    private async Task<bool> WriteAsync()
    {
        for (var tried = 1; ; tried++)
        {
            var isKnown = IsLoaded;
            await LoadAsync();
            var kept = TakeFromMemory();

            // Each push was checked before it was taken, but beside what was known then.
            if (!isKnown && !store.Fits(kept))
            {
                LetGo();
                return false;
            }

            try
            {
                // Never changed once it is handed over.
                _kept = kept;
                _etag = await store.WriteAsync(user.Grain, kept, _etag);
                return true;
            }
            catch (InconsistentStateException) when (tried < Tries)
            {
                // Another activation has written: what it knows that is later than ours is later.
                Forget();
            }
        }
    }

    // Views begin again with what is kept.
    private void LetGo()
    {
        (_timesLetGo, _next) = (_timesLetGo + 1, null);
        foreach (var view in views) view.Dispose();
        views.Clear();
    }

    // Of views that are not in memory, what was kept stays.
    private Dictionary<string, PushedFeatures> TakeFromMemory()
    {
        var kept = new Dictionary<string, PushedFeatures>(_kept ?? Nothing);
        foreach (var view in views)
        {
            if (view.GetPushed() is { } pushed) kept[view.View.Name] = pushed;
            else kept.Remove(view.View.Name);
        }

        return kept;
    }

    private async Task ReadAsync()
    {
        var generation = _generation;
        var (kept, etag) = await store.ReadAsync(user.Grain);
        if (generation != _generation)
        {
            // Whoever waits needs what is kept now.
            await LoadAsync();
            return;
        }

        (_kept, _etag) = (kept.Count == 0 ? Nothing : kept, etag);
        foreach (var view in views)
        {
            if (kept.TryGetValue(view.View.Name, out var pushed)) view.PutBack(pushed);
        }

        // For a user who stays, a task that is over is only memory.
        _load = null;
    }
}
