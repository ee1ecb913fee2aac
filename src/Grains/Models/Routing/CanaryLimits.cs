namespace OrleansInference.Grains.Models.Routing;

/// <summary>What a canary may do before it is demoted: the manifest's <c>versions.canary</c>, defaults filled in.</summary>
public sealed record CanaryLimits
{
    /// <summary>The largest share of its requests that may fail, 0 to 1. Null: errors demote nothing.</summary>
    public double? MaxErrorRate { get; init; }

    /// <summary>How many times the default version's mean latency its own may be. Null: slowness demotes nothing.</summary>
    public double? MaxLatencyRatio { get; init; }

    /// <summary>Requests in the window before it is judged, so that one unlucky request demotes nothing.</summary>
    public required int MinRequests { get; init; }

    /// <summary>How far back requests count.</summary>
    public required TimeSpan Window { get; init; }
}
