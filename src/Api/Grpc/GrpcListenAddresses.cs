using System.Net;
using OrleansInference.Grains;
using OrleansInference.Silo;

namespace OrleansInference.Api.Grpc;

/// <summary>Where gRPC listens: <c>Inference:Grpc:Port</c> on the addresses of <c>--urls</c>, which were checked for who can reach them.</summary>
/// <remarks>A port of its own: HTTP/2 without TLS cannot share one with HTTP/1.</remarks>
internal static class GrpcListenAddresses
{
    /// <summary>The endpoints; none where gRPC is off.</summary>
    /// <exception cref="InferenceStartupException">The port is none, or taken, by REST or by somebody else.</exception>
    public static IReadOnlyList<IPEndPoint> Find(IConfiguration configuration, IReadOnlyList<IPEndPoint> rest)
    {
        var port = (configuration.GetSection(GrpcOptions.Section).Get<GrpcOptions>() ?? new GrpcOptions()).Port;
        if (port is GrpcOptions.Off) return [];
        if (port is < 0 or > IPEndPoint.MaxPort)
            throw new InferenceStartupException($"{GrpcOptions.PortSetting} is {port}, which is no port. Set it to 1 to {IPEndPoint.MaxPort}, to 0 for a free one, or to {GrpcOptions.Off} for no gRPC.");

        var endpoints = Addresses(rest).Select(address => new IPEndPoint(address, port)).ToArray();
        foreach (var endpoint in endpoints) ThrowIfTaken(endpoint, rest);
        return endpoints;
    }

    private static void ThrowIfTaken(IPEndPoint endpoint, IReadOnlyList<IPEndPoint> rest)
    {
        if (endpoint.Port != 0 && rest.Any(other => other.Port == endpoint.Port))
            throw new InferenceStartupException($"{GrpcOptions.PortSetting} is {endpoint.Port}, which --urls has taken for REST. Set another one.");
        if (!ListenPort.TryFind(endpoint, out _, out var reason))
            throw new InferenceStartupException($"{GrpcOptions.PortSetting} is {endpoint.Port}, but 'http://{endpoint}' cannot be taken: {reason}. Stop the program that uses it, set another one, 0 for a free one, or {GrpcOptions.Off} for no gRPC.");
    }

    // Each address once, and those that a wildcard stands for not again: the port is one.
    private static IEnumerable<IPAddress> Addresses(IReadOnlyList<IPEndPoint> rest)
    {
        var addresses = rest.Select(endpoint => endpoint.Address).Distinct().ToArray();
        if (addresses.Contains(IPAddress.IPv6Any)) return [IPAddress.IPv6Any];
        return addresses.Contains(IPAddress.Any) ? addresses.Where(address => address.Equals(IPAddress.Any) || address.AddressFamily != IPAddress.Any.AddressFamily) : addresses;
    }
}
