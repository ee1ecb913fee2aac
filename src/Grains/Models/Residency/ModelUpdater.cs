using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models.Control;
using OrleansInference.Grains.Models.Repository;

namespace OrleansInference.Grains.Models.Residency;

/// <summary>Changes what this silo serves: loads, swaps and retires models.</summary>
/// <remarks>
/// Promises: one change of a model at a time; a load that fails leaves what serves in place and says why; a state is retired only
/// after its successor serves. Nothing here runs on a grain's turn or an inference thread.
/// </remarks>
internal sealed partial class ModelUpdater(
    ModelEntries entries,
    ModelPlaces places,
    IModelRepository repository,
    ModelLoader loader,
    IControlStates controls,
    TimeProvider time,
    InferenceInstruments instruments,
    ILogger<ModelUpdater> logger)
{
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
            if (entry.Loading is not { IsCompleted: false }) entry.Loading = Task.Run(() => LoadAloneAsync(entry, log));
            return entry.Loading;
        }
    }

    /// <summary>Serves what the folder holds now, if the model is in memory or should be.</summary>
    /// <exception cref="InferenceStartupException">It cannot be loaded, and why; what served before still does.</exception>
    public Task ReloadAsync(ModelEntry entry) => Task.Run(() => ChangeAsync(entry, () => ReadAndSwapAsync(entry)));

    /// <summary>Serves as the cluster has agreed. Older agreements than the present one are passed over.</summary>
    /// <param name="read">Whether to read the folder again.</param>
    /// <exception cref="InferenceStartupException">It cannot be loaded, and why.</exception>
    public Task ApplyAsync(ModelEntry entry, ModelControlState control, bool read) => Task.Run(() => ChangeAsync(entry, async () =>
    {
        if (control.Epoch < entry.Control.Epoch) return;
        entry.Follow(control);
        if (control.Unloaded) Leave(entry);
        else if (read) await ReadAndSwapAsync(entry).ConfigureAwait(false);
        else if (entry.Current is { } current) Leave(entry, loader.Rebuild(current, control));
    }));

    /// <summary>Stops serving a model whose folder is gone.</summary>
    public Task RemoveAsync(ModelEntry entry) => Task.Run(() => ChangeAsync(entry, () =>
    {
        entries.Remove(entry);
        Leave(entry);
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
            if (log) LogLoadFailed(entry.Name, entry.Current is null ? "It is not served" : "What was loaded before still serves", e.Message);
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

    [LoggerMessage(EventIds.ControlUnreadable, LogLevel.Warning, "Model {ModelName} is loaded as was last agreed on, as far as this silo knows: {Reason}")]
    private partial void LogControlUnreadable(string modelName, string reason);

    [LoggerMessage(EventIds.ModelSwapped, LogLevel.Information, "Model {ModelName} was swapped; it serves {ModelVersions}")]
    private partial void LogSwapped(string modelName, string modelVersions);

    [LoggerMessage(EventIds.ModelUnloaded, LogLevel.Information, "Model {ModelName} has left memory")]
    private partial void LogUnloaded(string modelName);
}
