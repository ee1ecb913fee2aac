using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models.Ensembles;

/// <summary>The models of this silo, as an ensemble's steps call them.</summary>
internal interface IStepModels
{
    /// <summary>The names of all models, for messages.</summary>
    IEnumerable<string> Names { get; }

    /// <summary>What a model's version takes and gives; null where there is none such.</summary>
    StepModel? Find(string model, string? version);

    /// <summary>Chooses the version, holds it and computes, as for any caller.</summary>
    /// <exception cref="InferenceException">Whatever the reason, with its code.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task<InferenceResponse> InferAsync(string model, InferenceRequest request, CancellationToken cancellationToken);
}

/// <summary>A model that a step can call.</summary>
internal sealed record StepModel(ModelMetadata Metadata, int MaxBatchSize);
