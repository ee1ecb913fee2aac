using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OrleansInference.Grains.Models.Control;
using OrleansInference.Grains.Models.Ensembles;
using OrleansInference.Grains.Models.Repository;
using OrleansInference.Grains.Models.Residency;
using OrleansInference.Grains.Models.Scheduling;

namespace OrleansInference.Grains.Models;

/// <summary>Loads the models of the start: in the background, once an embedded silo is up, so that it answers that it lives meanwhile; before a silo of a cluster joins.</summary>
internal sealed class ModelStartup(
    ModelEntries entries,
    ModelUpdater updater,
    ModelPlaces places,
    IModelRepository repository,
    InferenceSchedulers schedulers,
    IControlStates controls,
    EnsembleDependents ensembles,
    IOptions<InferenceOptions> options,
    IOptions<ModelRepositoryOptions> repositoryOptions,
    TimeProvider time) : IHostedLifecycleService, IInferenceStartup, IDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _loadedBeforeJoining;

    public Task Completion => _completion.Task;

    public bool IsReady => _loadedBeforeJoining || _completion.Task.IsCompletedSuccessfully;

    /// <summary>Loads them while nobody can call this silo yet.</summary>
    /// <exception cref="InferenceStartupException">One of them cannot be loaded, and why.</exception>
    public async Task LoadBeforeJoiningAsync()
    {
        await LoadAllAsync();
        _loadedBeforeJoining = true;
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _ = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Begins no further load.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken) => _stopping.CancelAsync();

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Frees what is in memory. The container calls it after the silo has stopped: nothing new can come.</summary>
    public void Dispose()
    {
        _stopping.Dispose();

        // A run that its caller has given up may still be under way: its session must outlive it.
        schedulers.Dispose();
        foreach (var entry in entries.All) _ = entries.SwapAsync(entry, next: null);
    }

    private async Task RunAsync()
    {
        try
        {
            await (_loadedBeforeJoining ? FollowAllAsync() : LoadAllAsync());
            _completion.TrySetResult();
        }
        catch (Exception e)
        {
            _completion.TrySetException(e);
        }
    }

    private async Task LoadAllAsync()
    {
        var root = repositoryOptions.Value.Path;
        var names = repository.List();
        if (names.Count == 0)
            throw new InferenceStartupException($"The model repository {root} holds no model. Add one as <model>/<version>/model.onnx, such as {Path.Combine(root, "my-model", "1", "model.onnx")}.");
        foreach (var name in names) entries.GetOrAdd(name).IsLoading = !places.IsLimited;
        if (!places.IsLimited)
        {
            foreach (var name in names) await LoadAsync(entries.GetOrAdd(name));
        }
        else if (options.Value.DefaultModel is { } name && entries.Find(name) is { } entry)
        {
            await LoadAsync(entry);
        }

        ThrowIfDefaultDoesNotPredict();
    }

    // The cluster may have agreed on something else since this silo read it, and could not tell it then.
    private async Task FollowAllAsync()
    {
        foreach (var entry in entries.All)
        {
            var agreed = await ReadAgreedAsync(entry.Name);
            if (agreed.Epoch != entry.Control.Epoch) await updater.ApplyAsync(entry, agreed, read: entry.Current is null && !places.IsLimited);
        }
    }

    // The silo that has it may have died a moment ago; this one serves meanwhile by what it read before it joined.
    private async Task<ModelControlState> ReadAgreedAsync(string model)
    {
        while (true)
        {
            try
            {
                return await controls.GetAsync(model);
            }
            catch (InferenceException e) when (e.Code is InferenceErrorCode.StorageUnavailable)
            {
                await Task.Delay(RetryAfter, time, _stopping.Token);
            }
        }
    }

    private async Task LoadAsync(ModelEntry entry)
    {
        _stopping.Token.ThrowIfCancellationRequested();
        try
        {
            await updater.LoadAsync(entry, log: false);
        }
        catch (InferenceStartupException) when (ensembles.WaitsForUnloaded(entry))
        {
            // As somebody wanted it: it serves again when its steps are loaded.
        }
        catch (InferenceException e)
        {
            throw new InferenceStartupException($"What was agreed on for model {entry.Name} could not be read: {e.Message}");
        }
    }

    private void ThrowIfDefaultDoesNotPredict()
    {
        if (options.Value.DefaultModel is not { } name || entries.Find(name) is { } entry && (entry.Control.Unloaded || entry.Current?.Plan is not null || ensembles.WaitsForUnloaded(entry))) return;
        var predicting = entries.All.Where(each => each.Current?.Plan is not null).Select(each => each.Name).Order(StringComparer.Ordinal).ToArray();
        throw new InferenceStartupException(
            $"Inference:DefaultModel is '{name}', which is no model with a predict section. Name one of: {(predicting.Length > 0 ? string.Join(", ", predicting) : "(none)")}.");
    }
}
