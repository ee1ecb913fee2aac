namespace OrleansInference;

/// <summary>A model on this silo: picks the version and hands the work to the inference threads. Key: see <see cref="ModelKey"/>.</summary>
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

    /// <summary>The model and the tensors of one version: a number, a label, or null for the default.</summary>
    /// <exception cref="InferenceException">NotFound, or NotReady while it loads.</exception>
    [Alias("describe"), ResponseTimeout("00:00:30")]
    Task<ModelDescription> DescribeAsync(string? version);

    /// <summary>Whether that version (number, label, or null for the default) is loaded and warm.</summary>
    /// <exception cref="InferenceException">NotFound.</exception>
    [Alias("is-ready"), ResponseTimeout("00:00:30")]
    Task<bool> IsReadyAsync(string? version);

    /// <summary>The manifest as it is in effect, defaults filled in: JSON.</summary>
    /// <exception cref="InferenceException">NotFound, or NotReady while it loads.</exception>
    [Alias("get-config"), ResponseTimeout("00:00:30")]
    Task<string> GetConfigAsync();
}
