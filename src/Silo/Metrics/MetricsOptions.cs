using System.Net;

namespace OrleansInference.Silo.Metrics;

/// <summary>A port that serves metrics and health and nothing else, and asks nobody for a key. Section <c>Inference:Metrics</c>.</summary>
public sealed class MetricsOptions
{
    /// <summary>Where it listens. Default: 0, no such port. The REST API serves the same under its own rules.</summary>
    public int Port { get; set; }

    /// <summary>The IP address that it listens on. Default: 127.0.0.1.</summary>
    public string ListenAddress { get; set; } = IPAddress.Loopback.ToString();

    /// <summary>Whether it may listen beyond loopback, to whoever can reach it. Default: false.</summary>
    public bool AllowOtherAddresses { get; set; }
}
