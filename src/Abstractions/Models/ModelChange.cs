namespace OrleansInference;

/// <summary>What came of a change to what a model serves.</summary>
/// <param name="Epoch">The number of the change, one higher each time; silos report it once they serve accordingly.</param>
/// <param name="LaggingSilos">The active silos that have not reported the epoch, with the reason each gave; empty when all have.</param>
[GenerateSerializer, Immutable, Alias("inference.model-change")]
public sealed record ModelChange(
    [property: Id(0)] long Epoch,
    [property: Id(1)] IReadOnlyList<LaggingSilo> LaggingSilos);

/// <summary>A silo that does not serve as was asked.</summary>
[GenerateSerializer, Immutable, Alias("inference.lagging-silo")]
public sealed record LaggingSilo(
    [property: Id(0)] string Silo,
    [property: Id(1)] string Reason);
