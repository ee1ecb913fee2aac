namespace OrleansInference;

/// <summary>An input or output of a model.</summary>
/// <param name="Name">The name that requests and responses use.</param>
/// <param name="Datatype">The element type.</param>
/// <param name="Shape">The dimensions; -1 is a dimension of any size.</param>
[GenerateSerializer, Immutable, Alias("inference.tensor-metadata")]
public sealed record TensorMetadata(
    [property: Id(0)] string Name,
    [property: Id(1)] TensorDatatype Datatype,
    [property: Id(2)] IReadOnlyList<long> Shape);
