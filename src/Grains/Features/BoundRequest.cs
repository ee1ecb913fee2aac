namespace OrleansInference.Grains.Features;

/// <summary>A request whose fields were checked against the manifest.</summary>
/// <param name="Contract">The manifest's fields; their index is the index of the value.</param>
/// <param name="Values">The values; missing where a default waits for a feature.</param>
/// <param name="At">The instant asked about: the timestamp field where it has a value, else the time of arrival.</param>
public sealed record BoundRequest(RequestContract Contract, FeatureValue[] Values, DateTimeOffset At)
{
    /// <summary>The value of a declared field.</summary>
    public FeatureValue this[string field] => Values[Contract.IndexOf(field)];
}
