using System.Net;
using Microsoft.Extensions.Configuration;
using Orleans.Configuration;
using OrleansInference.Grains;

namespace OrleansInference.Silo;

/// <summary>Where the silo listens, found and checked before anything is started.</summary>
/// <param name="Ports">The settings, with the ports that were found.</param>
/// <param name="Advertised">The address that other processes use.</param>
/// <param name="Listening">The address that the ports listen on.</param>
internal sealed record SiloEndpoints(SiloPortOptions Ports, IPAddress Advertised, IPAddress Listening)
{
    private const string Section = "Inference:Silo";
    private const string AllowSetting = $"{Section}:{nameof(SiloPortOptions.AllowOtherAddresses)}";

    /// <exception cref="InferenceStartupException">An address or port cannot be used, or is open to others without leave.</exception>
    public static SiloEndpoints Find(IConfiguration configuration, InferenceMode mode)
    {
        var ports = NamedOptions.ReadOne<SiloPortOptions>(configuration.GetSection("Inference"), "Silo");
        var advertised = ParseAddress(nameof(SiloPortOptions.AdvertisedAddress), ports.AdvertisedAddress, ports);
        var listening = ports.ListenAddress is { Length: > 0 } address ? ParseAddress(nameof(SiloPortOptions.ListenAddress), address, ports) : advertised;
        if (IsAny(advertised))
            throw new InferenceStartupException($"{Section}:{nameof(SiloPortOptions.AdvertisedAddress)} is {advertised}, which nobody can call. Set the address of this machine there, and {Section}:{nameof(SiloPortOptions.ListenAddress)}={advertised}.");

        ports.Port = FindPort(nameof(SiloPortOptions.Port), listening, ports.Port);
        if (ports.GatewayPort != 0 || mode is InferenceMode.Cluster) ports.GatewayPort = FindPort(nameof(SiloPortOptions.GatewayPort), listening, ports.GatewayPort);
        return ports.Port != ports.GatewayPort
            ? new SiloEndpoints(ports, advertised, listening)
            : throw new InferenceStartupException($"Inference:Silo:Port and Inference:Silo:GatewayPort are both {ports.Port}. Set two different ports.");
    }

    /// <summary>Tells Orleans.</summary>
    public void Apply(EndpointOptions options)
    {
        options.AdvertisedIPAddress = Advertised;
        options.SiloPort = Ports.Port;
        options.GatewayPort = Ports.GatewayPort;
        options.SiloListeningEndpoint = new IPEndPoint(Listening, Ports.Port);
        options.GatewayListeningEndpoint = Ports.GatewayPort == 0 ? null : new IPEndPoint(Listening, Ports.GatewayPort);
    }

    private static IPAddress ParseAddress(string setting, string value, SiloPortOptions ports)
    {
        if (!IPAddress.TryParse(value, out var address))
            throw new InferenceStartupException($"{Section}:{setting} is '{value}', which is no IP address. Set one, such as 127.0.0.1 or 10.0.0.4.");
        return IPAddress.IsLoopback(address) || ports.AllowOtherAddresses
            ? address
            : throw new InferenceStartupException(
                $"{Section}:{setting} is {address}, which others can reach, and the silo's ports ask nobody who they are. Close them to all but the cluster's processes and say {AllowSetting}=true, or leave the setting at 127.0.0.1.");
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static int FindPort(string setting, IPAddress address, int port)
    {
        if (port is < 0 or > IPEndPoint.MaxPort) throw new InferenceStartupException($"{Section}:{setting} is {port}, which is no port. Set it to 1 to {IPEndPoint.MaxPort}, or leave it out.");
        return ListenPort.TryFind(new IPEndPoint(address, port), out var found, out var reason)
            ? found
            : throw new InferenceStartupException($"{Section}:{setting} is {port}, but that port cannot be taken: {reason}. Set another one.");
    }
}
