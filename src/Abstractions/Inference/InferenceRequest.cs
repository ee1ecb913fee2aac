namespace OrleansInference;

/// <summary>Raw tensors for a model.</summary>
[GenerateSerializer, Immutable, Alias("inference.request")]
public sealed record InferenceRequest
{
    /// <summary>The version to run; null for the model's default.</summary>
    [Id(0)]
    public int? Version { get; init; }

    /// <summary>One tensor for each input of the model, in any order.</summary>
    [Id(1)]
    public required IReadOnlyList<Tensor> Inputs { get; init; }
}
