namespace OrleansInference.Grains.Models.Routing;

/// <summary>A model's canary: which version, who sees it, and how it does.</summary>
internal sealed class Canary(int version, CanaryShare share, CanaryMonitor monitor) : IDisposable
{
    public int Version => version;

    public CanaryMonitor Monitor => monitor;

    /// <summary>Whether a request that asks for no version goes to the canary; nobody's does once it is demoted.</summary>
    public bool Takes(string? routingKey) => !monitor.IsDemoted && share.Takes(routingKey);

    public void Dispose() => monitor.Dispose();
}
