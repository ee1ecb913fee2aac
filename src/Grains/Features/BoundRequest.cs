namespace OrleansInference.Grains.Features;

/// <summary>A request whose fields were checked against the manifest.</summary>
/// <param name="Contract">The manifest's fields; their index is the index of the value.</param>
/// <param name="Values">The values; missing where a default waits for a feature.</param>
/// <param name="At">The instant asked about: the timestamp field where it has a value, else the time of arrival.</param>
public sealed record BoundRequest(RequestContract Contract, FeatureValue[] Values, DateTimeOffset At)
{
    /// <summary>The features that the caller sets for this prediction.</summary>
    public IReadOnlyList<FeatureOverride> Overrides { get; init; } = [];

    /// <summary>The age from which a cached feature is read again before it is used; null where its source's settings are enough.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>The value of a declared field.</summary>
    public FeatureValue this[string field] => Values[Contract.IndexOf(field)];

    /// <summary>The value that the caller sets for a feature; null where it has its own.</summary>
    public FeatureValue? OverrideOf(int feature)
    {
        for (var i = 0; i < Overrides.Count; i++)
        {
            if (Overrides[i].Feature == feature) return Overrides[i].Value;
        }

        return null;
    }
}
