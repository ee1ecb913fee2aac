using System.Net;
using System.Net.Sockets;
using OrleansInference.Grains;

namespace OrleansInference.Silo;

/// <summary>Ports that nobody else holds.</summary>
/// <remarks>
/// Two silos on the same ports both start and both listen on Linux, silently, so every port is probed with an exclusive bind
/// before the silo takes it.
/// </remarks>
internal static class SiloPorts
{
    /// <summary>The configured port, or a free one for 0.</summary>
    public static int Resolve(string setting, int port)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ExclusiveAddressUse = true };
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
            probe.Listen();
            return ((IPEndPoint)probe.LocalEndPoint!).Port;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            throw new InferenceStartupException($"{setting} is {port}, but that port cannot be taken: {e.Message}. Set another one.");
        }
    }
}
