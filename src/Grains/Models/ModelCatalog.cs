using Microsoft.Extensions.Options;
using OrleansInference.Grains.Models.Repository;
using OrleansInference.Grains.Models.Residency;

namespace OrleansInference.Grains.Models;

/// <summary>The models of this silo, as requests find them.</summary>
/// <remarks>
/// Promises: a loaded model is found without a wait or a lock; what is found is held, so that a request ends on the state of the
/// model that it began with, whatever takes its place meanwhile.
/// </remarks>
internal sealed class ModelCatalog(
    ModelEntries entries, ModelUpdater updater, ModelPlaces places, ModelStartup startup, IOptions<InferenceOptions> options, TimeProvider time)
{
    /// <summary>Longest wait of a request that brings no time budget of its own.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(25);

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private string? _onlyPredicting;

    /// <summary>The model that answers when a request names none; null where none can be told.</summary>
    public string? DefaultModel => options.Value.DefaultModel ?? OnlyPredicting();

    /// <summary>Holds a model; the caller releases it.</summary>
    /// <param name="name">The model; null for the default.</param>
    /// <param name="timeout">Longest wait for a model that is not in memory; null for the longest.</param>
    /// <exception cref="InferenceException">NotFound, naming what is served; NotReady while it loads, or when it cannot be loaded, and why; DeadlineExceeded when the time is up, while the load goes on for the next.</exception>
    public ValueTask<ServedModel> AcquireAsync(string? name, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var entry = Find(name);
        if (places.IsLimited) entry.Touch(time.GetTimestamp());
        return entry.TryHold() is { } model ? new(model) : new(AcquireAbsentAsync(entry, timeout, cancellationToken));
    }

    /// <summary>Holds the state of a model that a plan was made for.</summary>
    /// <exception cref="InferenceException">NotReady: nobody holds it any more, and it is gone.</exception>
    public ServedModel Acquire(string name, long generation) => entries.TryHold(name, generation)
        ?? throw new InferenceException(InferenceErrorCode.NotReady, $"Model {name} was loaded again meanwhile, and what the request was made for is gone. Retry.", RetryAfter);

    /// <summary>Holds a model that predicts.</summary>
    /// <exception cref="InferenceException">As <see cref="AcquireAsync"/>; NotFound where it has no <c>predict</c> section.</exception>
    public ValueTask<ServedModel> AcquirePredictingAsync(string? name, CancellationToken cancellationToken) => AcquirePredictingAsync(name, timeout: null, cancellationToken);

    /// <summary>Holds a model that predicts, if it is in memory within the caller's time.</summary>
    /// <exception cref="InferenceException">As <see cref="AcquireAsync"/>; NotFound where it has no <c>predict</c> section.</exception>
    public async ValueTask<ServedModel> AcquirePredictingAsync(string? name, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var model = await AcquireAsync(name, timeout, cancellationToken);
        if (model.Plan is not null) return model;
        model.Release();
        throw new InferenceException(
            InferenceErrorCode.NotFound, $"Model '{model.Name}' has no predict section in its model.json, so it takes tensors only. Models that predict: {Names(Predicting.Select(predicting => predicting.Name))}.");
    }

    /// <summary>A model that the silo knows, in memory or not.</summary>
    /// <exception cref="InferenceException">NotFound, naming what is served; NotReady before the repository has been read.</exception>
    public ModelEntry Find(string? name)
    {
        if ((name ?? DefaultModel) is { } wanted && entries.Find(wanted) is { } entry) return entry;
        if (!startup.IsReady)
            throw new InferenceException(InferenceErrorCode.NotReady, "The models are being loaded. Retry.", RetryAfter);
        throw name is not null
            ? Unknown(name)
            : new InferenceException(InferenceErrorCode.NotFound, $"No default model is set. Set Inference:DefaultModel, or ask one by name: {Names(Known)}.");
    }

    /// <summary>Why a model that is not in memory does not answer; null when it can be loaded.</summary>
    public InferenceException? WhyAbsent(ModelEntry entry)
    {
        // While its caller waited: nothing loads it any more.
        if (entry.IsRemoved) return Unknown(entry.Name);
        if (entry.Control.Unloaded)
            return new(InferenceErrorCode.NotReady, $"Model {entry.Name} was unloaded. Load it again: POST /v2/repository/models/{entry.Name}/load.");
        if (entry.Fault is { } fault)
            return new(InferenceErrorCode.NotReady, $"Model {entry.Name} cannot be loaded: {fault}");
        return places.IsLimited ? null : new(InferenceErrorCode.NotReady, $"Model {entry.Name} is being loaded. Retry.", RetryAfter);
    }

    /// <summary>The models in memory that predict, by name.</summary>
    public IEnumerable<ServedModel> Predicting =>
        entries.All.Select(entry => entry.Current).OfType<ServedModel>().Where(model => model.Plan is not null).OrderBy(model => model.Name, StringComparer.Ordinal);

    private InferenceException Unknown(string name) => new(InferenceErrorCode.NotFound, $"There is no model '{FieldError.Quote(name)}'. Served here: {Names(Known)}.");

    private IEnumerable<string> Known => entries.All.Where(entry => !entry.Control.Unloaded).Select(entry => entry.Name);

    // Remembered, so that a second one that appears takes no requests away from it.
    private string? OnlyPredicting()
    {
        if (_onlyPredicting is { } known && entries.Find(known) is not null) return known;
        if (!startup.IsReady) return null;
        return _onlyPredicting = Predicting.Take(2).ToArray() is [var only] ? only.Name : null;
    }

    private async Task<ServedModel> AcquireAbsentAsync(ModelEntry entry, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        entry.AddWaiter();
        try
        {
            var startedAt = time.GetTimestamp();
            while (true)
            {
                if (WhyAbsent(entry) is { } reason) throw reason;
                await LoadAsync(entry, timeout, startedAt, cancellationToken);
                if (entry.TryHold() is { } model) return model;
            }
        }
        finally
        {
            entry.RemoveWaiter();
            places.Signal();
        }
    }

    private async Task LoadAsync(ModelEntry entry, TimeSpan? timeout, long startedAt, CancellationToken cancellationToken)
    {
        var left = (timeout ?? LongestWait) - time.GetElapsedTime(startedAt);
        try
        {
            await updater.LoadAsync(entry).WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancellationToken);
        }
        catch (InferenceStartupException e)
        {
            throw new InferenceException(InferenceErrorCode.NotReady, $"Model {entry.Name} cannot be loaded: {e.Message}");
        }
        catch (TimeoutException) when (timeout is not null)
        {
            throw new InferenceException(InferenceErrorCode.DeadlineExceeded, $"The time was up before model {entry.Name} was in memory. It is loaded all the same: ask again, or allow more.");
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new InferenceException(
                InferenceErrorCode.NotReady, $"Model {entry.Name} did not come into memory within {LongestWait.TotalSeconds:0} s: it is still being read, or waits for a place (Inference:Models:MaxLoadedModels). Raise that, or retry.", RetryAfter);
        }
    }

    private static string Names(IEnumerable<string> names) =>
        string.Join(", ", names.Order(StringComparer.Ordinal).Take(50)) is { Length: > 0 } some ? some : "(none)";
}
