namespace OrleansInference;

/// <summary>What a model answered.</summary>
[GenerateSerializer, Immutable, Alias("inference.response")]
public sealed record InferenceResponse
{
    /// <summary>The version that ran.</summary>
    [Id(0)]
    public required int Version { get; init; }

    /// <summary>One tensor for each output of the model, in the model's order.</summary>
    [Id(1)]
    public required IReadOnlyList<Tensor> Outputs { get; init; }
}
