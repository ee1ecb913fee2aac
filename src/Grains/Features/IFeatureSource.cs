namespace OrleansInference.Grains.Features;

/// <summary>Where features come from: a feature view, an external service, a lookup file, a transform.</summary>
/// <remarks>
/// Called on a grain's turn: start the work and return; never block. A source with a fallback answers a degraded row; one
/// without throws <see cref="InferenceException"/>.
/// </remarks>
public interface IFeatureSource
{
    /// <summary>The name before the dot in <c>spending.count_1d</c>.</summary>
    string Name { get; }

    /// <summary>The features it gives.</summary>
    IReadOnlyList<FeatureColumn> Columns { get; }

    /// <summary>The fields of the request that it reads; the manifest must declare them.</summary>
    IReadOnlyList<string> RequestFields { get; }

    /// <summary>What of a model's request, beyond a missing field, keeps the source from being read; null when nothing does.</summary>
    string? FindFault(RequestContract request) => null;

    /// <summary>Reads the features for one prediction.</summary>
    ValueTask<FeatureRow> ReadAsync(FeatureQuery query);
}
