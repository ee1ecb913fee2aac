using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace OrleansInference.Silo;

/// <summary>Tells whether a port can be listened on, before anything is started that would have to be undone.</summary>
/// <remarks>Two silos on the same ports both start and both listen on Linux, silently: only an exclusive bind finds out.</remarks>
public static class ListenPort
{
    /// <summary>Finds the endpoint's port, or a free one for port 0; answers false and the reason where it cannot be had.</summary>
    public static bool TryFind(IPEndPoint endpoint, out int port, [NotNullWhen(false)] out string? reason)
    {
        using var probe = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { ExclusiveAddressUse = true };
        try
        {
            probe.Bind(endpoint);
            probe.Listen();
            (port, reason) = (((IPEndPoint)probe.LocalEndPoint!).Port, null);
            return true;
        }
        catch (SocketException e)
        {
            (port, reason) = (endpoint.Port, e.Message);
            return false;
        }
    }
}
