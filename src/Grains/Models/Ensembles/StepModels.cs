using Microsoft.Extensions.DependencyInjection;
using OrleansInference.Grains.Models.Manifest;
using OrleansInference.Grains.Models.Repository;
using OrleansInference.Grains.Models.Residency;

namespace OrleansInference.Grains.Models.Ensembles;

/// <summary>The silo's catalog, as ensembles use it.</summary>
internal sealed class StepModels(IServiceProvider services, ModelEntries entries, IModelRepository repository, TimeProvider time) : IStepModels
{
    // An ensemble that waits for its steps gives up before whoever waits for the ensemble.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    public IReadOnlyList<string> StepsOf(string model)
    {
        try
        {
            return repository.Read(model)?.ManifestFile is { } file && ManifestReader.Read(file, File.ReadAllBytes(file)).Manifest.Ensemble is { } ensemble
                ? [.. ensemble.Steps.Select(step => step.Model)]
                : [];
        }
        catch (Exception e) when (e is InferenceStartupException or IOException or UnauthorizedAccessException)
        {
            // What is wrong with it is said when it is loaded.
            return [];
        }
    }

    public async Task<StepModel> FindAsync(string model, string? version, StepModel? known)
    {
        // The folder may have come since the last look.
        var entry = entries.Find(model) ?? (ModelName.IsValid(model) && repository.Fingerprint(model) is not null ? entries.GetOrAdd(model) : null);
        if (entry is null)
            throw new InferenceException(InferenceErrorCode.NotFound, $"There is no model '{FieldError.Quote(model)}'. Add it, or name one of: {string.Join(", ", entries.All.Select(each => each.Name).Order(StringComparer.Ordinal).Take(50))}.");
        if (known is not null && entry is { Current: null, Fault: null, Control.Unloaded: false }) return known;
        var held = entry.TryHold() ?? await LoadAsync(entry).ConfigureAwait(false);
        try
        {
            return StepModel.Of(held.Version(version));
        }
        finally
        {
            held.Release();
        }
    }

    public async Task<InferenceResponse> InferAsync(EnsembleStep step, InferenceRequest request, CancellationToken cancellationToken)
    {
        var startedAt = time.GetTimestamp();
        var held = await services.GetRequiredService<ModelCatalog>().AcquireAsync(step.Model, request.Timeout, cancellationToken);
        try
        {
            ThrowIfOther(step, held.Version(step.Version));
            return await held.InferAsync(request with { Timeout = request.Timeout - time.GetElapsedTime(startedAt) }, cancellationToken);
        }
        finally
        {
            held.Release();
        }
    }

    // The request came before the plan that is being made for what has taken the version's place.
    private static void ThrowIfOther(EnsembleStep step, LoadedVersion loaded)
    {
        if (step.Served.Is(loaded) || step.Fits(loaded.Served.Metadata)) return;
        throw new InferenceException(
            InferenceErrorCode.NotReady, $"{step.Model} was loaded with other tensors meanwhile, and the ensemble is being planned for them. Retry.", RetryAfter);
    }

    private async Task<ServedModel> LoadAsync(ModelEntry entry)
    {
        try
        {
            // Not asked for in the constructor: who loads ensembles is what this asks to load.
            await services.GetRequiredService<ModelUpdater>().LoadAsync(entry).WaitAsync(LongestWait, time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is InferenceStartupException or OperationCanceledException or TimeoutException)
        {
            throw new InferenceException(InferenceErrorCode.NotReady, $"Model {entry.Name} cannot be loaded: {(e is InferenceStartupException ? e.Message : "no place in memory came free in time (Inference:Models:MaxLoadedModels).")}");
        }

        return entry.TryHold()
            ?? throw new InferenceException(InferenceErrorCode.NotReady, $"Model {entry.Name} is not served: it was unloaded through the API. Load it first.");
    }
}
