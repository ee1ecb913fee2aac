using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models.Control;
using OrleansInference.Grains.Models.Ensembles;
using OrleansInference.Grains.Models.Repository;

namespace OrleansInference.Grains.Models.Residency;

/// <summary>Changes what this silo serves: loads, swaps and retires models.</summary>
/// <remarks>
/// Promises: one change of a model at a time; a load that fails leaves what serves in place and says why; a state is retired only
/// after its successor serves; an ensemble is planned anew when a step's model has changed, and serves no longer than they fit.
/// Nothing here runs on a grain's turn or an inference thread.
/// </remarks>
internal sealed partial class ModelUpdater(
    ModelEntries entries,
    ModelPlaces places,
    IModelRepository repository,
    ModelLoader loader,
    EnsembleDependents ensembles,
    IControlStates controls,
    TimeProvider time,
    InferenceInstruments instruments,
    ILogger<ModelUpdater> logger)
{
    private const string NotServed = "It is not served";

    // Whoever waits for a place gives up before the callers' own patience ends.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(25);

    private readonly Lock _lock = new();

    /// <summary>Brings a model into memory that is not there; callers at the same time share one load.</summary>
    /// <param name="entry">The model.</param>
    /// <param name="log">Whether to log that it cannot be loaded; not at the start, which tells the operator once.</param>
    /// <exception cref="InferenceStartupException">It cannot be loaded, and why.</exception>
    /// <exception cref="OperationCanceledException">No place came free.</exception>
    public Task LoadAsync(ModelEntry entry, bool log = true)
    {
        lock (_lock)
        {
            if (entry.Loading is { IsCompleted: false } loading) return loading;
            entry.Loading = Task.Run(() => LoadAloneAsync(entry, log));

            // Not a part of the load: it may be an ensemble's load that waits for this one.
            _ = FollowAfterAsync(entry.Loading, entry);
            return entry.Loading;
        }
    }

    /// <summary>As <see cref="LoadAsync"/>; completes when the ensembles that waited for the model have followed.</summary>
    public async Task LoadAndFollowAsync(ModelEntry entry)
    {
        await LoadAsync(entry).ConfigureAwait(false);
        await FollowAsync(entry).ConfigureAwait(false);
    }

    /// <summary>Serves what the folder holds now, if the model is in memory or should be.</summary>
    /// <exception cref="InferenceStartupException">It cannot be loaded, and why; what served before still does.</exception>
    public Task ReloadAsync(ModelEntry entry) => Task.Run(() => ChangeAndFollowAsync(entry, () => ReadAndSwapAsync(entry)));

    /// <summary>Serves as the cluster has agreed. Older agreements than the present one are passed over.</summary>
    /// <param name="read">Whether to read the folder again.</param>
    /// <exception cref="InferenceStartupException">It cannot be loaded, and why.</exception>
    public Task ApplyAsync(ModelEntry entry, ModelControlState control, bool read) => Task.Run(() => ChangeAndFollowAsync(entry, async () =>
    {
        if (control.Epoch < entry.Control.Epoch) return;
        entry.Follow(control);
        if (control.Unloaded) Leave(entry);
        else if (read) await ReadAndSwapAsync(entry).ConfigureAwait(false);
        else if (entry.Current is { } current) Leave(entry, loader.Rebuild(current, control));
    }));

    /// <summary>Stops serving a model whose folder is gone.</summary>
    public Task RemoveAsync(ModelEntry entry) => Task.Run(() => ChangeAndFollowAsync(entry, () =>
    {
        entries.Remove(entry);
        Leave(entry);
        return Task.CompletedTask;
    }));

    /// <summary>Forgets why a model that is not in memory could not be loaded, since its folder has changed: its next request, and those of the ensembles that need it, try again.</summary>
    public Task ForgiveAsync(ModelEntry entry) => Task.Run(() => ChangeAndFollowAsync(entry, () =>
    {
        entry.Fault = null;
        return Task.CompletedTask;
    }));

    private async Task LoadAloneAsync(ModelEntry entry, bool log)
    {
        await ChangeAsync(entry, async () =>
        {
            if (entry.Current is not null || entry.IsRemoved) return;
            await ReadControlAsync(entry).ConfigureAwait(false);
            if (!entry.Control.Unloaded) await ReadAndSwapAsync(entry, log).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    private async Task ReadControlAsync(ModelEntry entry)
    {
        try
        {
            entry.Follow(await controls.GetAsync(entry.Name).ConfigureAwait(false));
        }
        catch (InferenceException e) when (entry.KnowsControl)
        {
            // What has changed meanwhile could not have been stored either; and the model is wanted now.
            LogControlUnreadable(entry.Name, e.Message);
        }
    }

    private static async Task ChangeAsync(ModelEntry entry, Func<Task> change)
    {
        await entry.Changing.WaitAsync().ConfigureAwait(false);
        try
        {
            await change().ConfigureAwait(false);
        }
        finally
        {
            entry.IsLoading = false;
            entry.Changing.Release();
        }
    }

    private async Task ChangeAndFollowAsync(ModelEntry entry, Func<Task> change)
    {
        try
        {
            await ChangeAsync(entry, change).ConfigureAwait(false);
        }
        finally
        {
            await FollowAsync(entry).ConfigureAwait(false);
        }
    }

    private async Task FollowAfterAsync(Task loading, ModelEntry entry)
    {
        await loading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await FollowAsync(entry).ConfigureAwait(false);
    }

    // Without the model's own turn, since ensembles that are loaded meanwhile may wait for it.
    private async Task FollowAsync(ModelEntry changed)
    {
        foreach (var ensemble in ensembles.Of(changed))
        {
            try
            {
                await FollowOneAsync(ensemble).ConfigureAwait(false);
            }
            catch (InferenceStartupException)
            {
                // Told, and remembered in the index, where it was found.
            }
            catch (Exception e)
            {
                LogFollowFailed(e, ensemble.Name, changed.Name);
            }
        }
    }

    private async Task FollowOneAsync(ModelEntry ensemble)
    {
        if (ensemble.Current is not null)
        {
            await ChangeAndFollowAsync(ensemble, () => ReplanAsync(ensemble)).ConfigureAwait(false);
        }
        else if (places.IsLimited)
        {
            await ForgiveAsync(ensemble).ConfigureAwait(false);
        }
        else
        {
            await LoadAndFollowAsync(ensemble).ConfigureAwait(false);
        }
    }

    private async Task ReplanAsync(ModelEntry ensemble)
    {
        // Another change may have made its plan already.
        if (ensemble.Current is not { } current || !ensembles.IsStale(current)) return;
        try
        {
            Leave(ensemble, await loader.ReplanAsync(current, CancellationToken.None).ConfigureAwait(false));
        }
        catch (InferenceStartupException e)
        {
            ensemble.Fault = e.Message;
            Leave(ensemble);
            LogLoadFailed(ensemble.Name, NotServed, e.Message);
        }
    }

    private async Task ReadAndSwapAsync(ModelEntry entry, bool log = true)
    {
        var startedAt = time.GetTimestamp();
        var outcome = "failed";
        try
        {
            await ReadAndSwapUncheckedAsync(entry).ConfigureAwait(false);
            outcome = "ok";
        }
        catch (Exception e) when (e is InferenceStartupException or IOException or UnauthorizedAccessException)
        {
            entry.Fault = e.Message;
            if (log || ensembles.WaitsForUnloaded(entry)) LogLoadFailed(entry.Name, entry.Current is null ? NotServed : "What was loaded before still serves", e.Message);
            throw e is InferenceStartupException ? e : new InferenceStartupException($"Model {entry.Name} cannot be read: {e.Message}");
        }
        catch
        {
            // Not the folder's fault, such as no place in memory: the next look tries again.
            entry.TriedFingerprint = null;
            throw;
        }
        finally
        {
            instruments.OnModelLoaded(entry.Name, outcome, time.GetElapsedTime(startedAt));
        }
    }

    private async Task ReadAndSwapUncheckedAsync(ModelEntry entry)
    {
        // Before reading: what changes meanwhile is another state, which the next look finds.
        entry.TriedFingerprint = entry.SeenFingerprint = repository.Fingerprint(entry.Name);
        var stored = repository.Read(entry.Name) ?? throw new InferenceStartupException($"The model repository has no folder for model {entry.Name} any more.");
        var isNew = entry.Current is null;
        if (isNew) await TakePlaceAsync(entry).ConfigureAwait(false);
        try
        {
            var next = await loader.LoadAsync(stored, entry.Control, entry.Current, entry.Scheduler, CancellationToken.None).ConfigureAwait(false);
            entry.Touch(time.GetTimestamp());

            // Before anybody can be answered by it: who sees the new version finds no old reason beside it.
            entry.Fault = null;
            Leave(entry, next);
        }
        catch
        {
            if (isNew) places.Release();
            throw;
        }
    }

    private async Task TakePlaceAsync(ModelEntry entry)
    {
        entry.IsLoading = true;
        using var patience = new CancellationTokenSource(LongestWait, time);
        await places.TakeAsync(patience.Token).ConfigureAwait(false);
    }

    // The old state drains by itself; a place is free when it has.
    private void Leave(ModelEntry entry, ServedModel? next = null)
    {
        var old = entry.Current;
        var freed = entries.SwapAsync(entry, next);
        if (old is not null && next is null) _ = ReleasePlaceAsync(entry.Name, freed);
        if (old is not null && next is not null) LogSwapped(entry.Name, string.Join(", ", next.Versions.Keys));
    }

    private async Task ReleasePlaceAsync(string name, Task freed)
    {
        await freed.ConfigureAwait(false);
        places.Release();
        LogUnloaded(name);
    }

    [LoggerMessage(EventIds.ModelLoadFailed, LogLevel.Warning, "Model {ModelName} could not be loaded. {Consequence}: {Reason}")]
    private partial void LogLoadFailed(string modelName, string consequence, string reason);

    [LoggerMessage(EventIds.EnsembleNotFollowed, LogLevel.Error, "Ensemble {ModelName} could not be planned for what {StepModelName} is now; the next change of one of its steps tries again")]
    private partial void LogFollowFailed(Exception cause, string modelName, string stepModelName);

    [LoggerMessage(EventIds.ControlUnreadable, LogLevel.Warning, "Model {ModelName} is loaded as was last agreed on, as far as this silo knows: {Reason}")]
    private partial void LogControlUnreadable(string modelName, string reason);

    [LoggerMessage(EventIds.ModelSwapped, LogLevel.Information, "Model {ModelName} was swapped; it serves {ModelVersions}")]
    private partial void LogSwapped(string modelName, string modelVersions);

    [LoggerMessage(EventIds.ModelUnloaded, LogLevel.Information, "Model {ModelName} has left memory")]
    private partial void LogUnloaded(string modelName);
}
