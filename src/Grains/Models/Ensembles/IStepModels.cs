using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models.Ensembles;

/// <summary>The models of this silo, as an ensemble's steps call them.</summary>
internal interface IStepModels
{
    /// <summary>The models that another ensemble's manifest names, as it is stored; none for a model that is no ensemble. Reads files.</summary>
    IReadOnlyList<string> StepsOf(string model);

    /// <summary>What a model's version takes and gives; the model is loaded where it is not in memory.</summary>
    /// <param name="known">What was found before; it stands for a model that has only left memory, so that a plan made anew brings nothing back.</param>
    /// <exception cref="InferenceException">NotFound, naming what is served; NotReady: it cannot be loaded, and why.</exception>
    Task<StepModel> FindAsync(string model, string? version, StepModel? known = null);

    /// <summary>Chooses the version, holds it and computes, as for any caller.</summary>
    /// <exception cref="InferenceException">Whatever the reason, with its code; NotReady where the model no longer has the tensors that the step was planned with.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task<InferenceResponse> InferAsync(EnsembleStep step, InferenceRequest request, CancellationToken cancellationToken);
}

/// <summary>A version of a model, as a step calls it.</summary>
/// <param name="Metadata">The tensors.</param>
/// <param name="MaxBatchSize">How it joins requests.</param>
/// <param name="Version">Its number.</param>
/// <param name="Fingerprint">Its files when they were read.</param>
internal sealed record StepModel(ModelMetadata Metadata, int MaxBatchSize, int Version, string Fingerprint)
{
    public static StepModel Of(LoadedVersion loaded) => new(loaded.Served.Metadata, loaded.Served.MaxBatchSize, loaded.Served.Version, loaded.Fingerprint);

    /// <summary>Whether that is the same version of the same files, also where it was in memory before and has come back.</summary>
    public bool Is(LoadedVersion loaded) => loaded.Served.Version == Version && loaded.Served.MaxBatchSize == MaxBatchSize && loaded.Fingerprint == Fingerprint;
}
