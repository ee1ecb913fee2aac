namespace OrleansInference.Silo;

/// <summary>The silo's address and ports, which ask nobody who they are. Section <c>Inference:Silo</c>.</summary>
public sealed class SiloPortOptions
{
    /// <summary>The port between silos. Default: 0, a free one.</summary>
    public int Port { get; set; }

    /// <summary>The port for Orleans clients in other processes. Default: 0: none in an embedded silo, a free one in a cluster.</summary>
    public int GatewayPort { get; set; }

    /// <summary>The IP address that the cluster's other processes reach this silo by. Default: 127.0.0.1.</summary>
    public string AdvertisedAddress { get; set; } = "127.0.0.1";

    /// <summary>The IP address that both ports listen on, such as 0.0.0.0. Default: the advertised one.</summary>
    public string? ListenAddress { get; set; }

    /// <summary>Whether the ports may be open beyond loopback, to whoever can reach them. Default: false.</summary>
    public bool AllowOtherAddresses { get; set; }

    /// <summary>Both ports for people, once they are found.</summary>
    public override string ToString() =>
        $"port {Port}, gateway {(GatewayPort == 0 ? "off (--Inference:Silo:GatewayPort=N opens it)" : $"port {GatewayPort}")}";
}
