namespace OrleansInference.Grains.Features.Transforms;

/// <summary>Features made of other features by code: no waiting, no clock, the same outputs for the same inputs.</summary>
/// <remarks>
/// Register it with <c>services.AddFeatureTransform&lt;T&gt;()</c> and name it in the manifest's <c>predict.transforms</c>. It runs
/// after all sources and the request's defaults, once for each prediction, from many threads at the same time.
/// </remarks>
public interface IFeatureTransform
{
    /// <summary>The name before the dot in <c>ratio.amount_to_mean</c>.</summary>
    string Name { get; }

    /// <summary>The features it gives. A column's default stands in where <see cref="Compute"/> leaves it missing or not finite.</summary>
    IReadOnlyList<FeatureColumn> Columns { get; }

    /// <summary>The features it reads, by full name such as <c>request.amount</c>; those of transforms named before it too.</summary>
    IReadOnlyList<string> Inputs { get; }

    /// <summary>Fills one output for each column from one input for each name. Outputs come in as missing.</summary>
    void Compute(ReadOnlySpan<FeatureValue> inputs, Span<FeatureValue> outputs);
}
