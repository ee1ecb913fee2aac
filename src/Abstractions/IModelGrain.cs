namespace OrleansInference;

/// <summary>A model on this silo: picks the version and hands the work to the inference threads. Key: the model's name.</summary>
[Alias("inference.model")]
public interface IModelGrain : IGrainWithStringKey
{
    /// <summary>Runs the model on raw tensors.</summary>
    /// <exception cref="InferenceException">Whatever the reason, with its code.</exception>
    [Alias("infer"), ResponseTimeout("00:00:30")]
    Task<InferenceResponse> InferAsync(InferenceRequest request, CancellationToken cancellationToken);

    /// <summary>The faults of a request's fields by the manifest of the model that it names, without doing anything with them.</summary>
    /// <remarks>Asked of <see cref="ModelKey.Default"/> whatever the request names: what a caller calls a model need not be one, or even a key.</remarks>
    [Alias("validate"), ResponseTimeout("00:00:30")]
    Task<IReadOnlyList<FieldError>> ValidateAsync(PredictionRequest request);
}
