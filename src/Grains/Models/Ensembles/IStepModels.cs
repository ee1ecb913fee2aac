using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models.Ensembles;

/// <summary>The models of this silo, as an ensemble's steps call them.</summary>
internal interface IStepModels
{
    /// <summary>The models that another ensemble's manifest names, as it is stored; none for a model that is no ensemble. Reads files.</summary>
    IReadOnlyList<string> StepsOf(string model);

    /// <summary>What a model's version takes and gives; the model is loaded where it is not in memory.</summary>
    /// <exception cref="InferenceException">NotFound, naming what is served; NotReady: it cannot be loaded, and why.</exception>
    Task<StepModel> FindAsync(string model, string? version);

    /// <summary>Chooses the version, holds it and computes, as for any caller.</summary>
    /// <exception cref="InferenceException">Whatever the reason, with its code.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task<InferenceResponse> InferAsync(string model, InferenceRequest request, CancellationToken cancellationToken);
}

/// <summary>A model that a step can call.</summary>
internal sealed record StepModel(ModelMetadata Metadata, int MaxBatchSize);
