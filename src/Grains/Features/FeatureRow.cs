namespace OrleansInference.Grains.Features;

/// <summary>The values of one source at one moment, in the order of its columns. Never changed after it is made.</summary>
/// <param name="Values">One value for each column.</param>
/// <param name="ReadAt">TimeProvider timestamp of the reading; ages are computed from it when asked.</param>
/// <param name="Degraded">Whether the source failed and older or default values stand in. A user who is merely unknown does not degrade.</param>
public sealed record FeatureRow(FeatureValue[] Values, long ReadAt, bool Degraded = false)
{
    /// <summary>A row of defaults.</summary>
    public static FeatureRow Defaults(IReadOnlyList<FeatureColumn> columns, long readAt, bool degraded) =>
        new([.. columns.Select(column => column.Default)], readAt, degraded);

    /// <summary>The same values, said to be stale; defaults stay defaults.</summary>
    public FeatureRow AsStale() => this with { Values = [.. Values.Select(value => value.Status is FeatureStatus.Fresh ? value with { Status = FeatureStatus.Stale } : value)] };
}
