namespace OrleansInference;

/// <summary>What a model answered.</summary>
[GenerateSerializer, Immutable, Alias("inference.response")]
public sealed record InferenceResponse
{
    /// <summary>The version that ran.</summary>
    [Id(0)]
    public required int Version { get; init; }

    /// <summary>One tensor for each output asked for, in the order asked for.</summary>
    [Id(1)]
    public required IReadOnlyList<Tensor> Outputs { get; init; }

    /// <summary>Why that version ran.</summary>
    [Id(2)]
    public ModelVariant Variant { get; init; }
}
