namespace OrleansInference;

/// <summary>A model as callers see it: what it serves and the tensors of one version.</summary>
[GenerateSerializer, Immutable, Alias("inference.model-description")]
public sealed record ModelDescription
{
    /// <summary>The model's name.</summary>
    [Id(0)]
    public required string Name { get; init; }

    /// <summary>The versions that serve, ascending.</summary>
    [Id(1)]
    public required IReadOnlyList<int> Versions { get; init; }

    /// <summary>The version that the tensors are of.</summary>
    [Id(2)]
    public required int Version { get; init; }

    /// <summary>What runs it: <c>onnx_onnxv1</c>, or <c>ensemble</c>.</summary>
    [Id(3)]
    public required string Platform { get; init; }

    /// <summary>The tensors to send; the first dimension is the batch where <see cref="MaxBatchSize"/> is above 0.</summary>
    [Id(4)]
    public required IReadOnlyList<TensorMetadata> Inputs { get; init; }

    /// <summary>The tensors that come back.</summary>
    [Id(5)]
    public required IReadOnlyList<TensorMetadata> Outputs { get; init; }

    /// <summary>Most rows of one run; 0 where requests are never joined.</summary>
    [Id(6)]
    public int MaxBatchSize { get; init; }

    /// <summary>The labels that callers may address, with the version each stands for.</summary>
    [Id(7)]
    public IReadOnlyDictionary<string, int> Labels { get; init; } = new Dictionary<string, int>();
}
