namespace OrleansInference.Silo;

/// <summary>The silo's ports, on loopback. Section <c>Inference:Silo</c>.</summary>
public sealed class SiloPortOptions
{
    /// <summary>The port between silos. Default: 0, a free one.</summary>
    public int Port { get; set; }

    /// <summary>The port for Orleans clients in other processes. Default: 0, none.</summary>
    public int GatewayPort { get; set; }

    /// <summary>Both ports for people, once they are found.</summary>
    public override string ToString() =>
        $"port {Port}, gateway {(GatewayPort == 0 ? "off (--Inference:Silo:GatewayPort=N opens it)" : $"port {GatewayPort}")}";
}
