using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace OrleansInference.Silo;

/// <summary>Tells whether a port can be listened on, before anything is started that would have to be undone.</summary>
/// <remarks>Two silos on the same ports both start and both listen on Linux, silently: only an exclusive bind finds out.</remarks>
public static class ListenPort
{
    // Below those that systems give to outgoing connections: between this look and the silo's own bind one of them would take it.
    private const int FirstFree = 10_240;
    private const int LastFree = 19_999;
    private const int Tries = 100;

    /// <summary>Finds the endpoint's port, or a free one for port 0; answers false and the reason where it cannot be had.</summary>
    public static bool TryFind(IPEndPoint endpoint, out int port, [NotNullWhen(false)] out string? reason)
    {
        for (var i = 0; endpoint.Port == 0 && i < Tries; i++)
        {
            if (TryTake(new IPEndPoint(endpoint.Address, Random.Shared.Next(FirstFree, LastFree + 1)), out port, out reason)) return true;
        }

        return TryTake(endpoint, out port, out reason);
    }

    private static bool TryTake(IPEndPoint endpoint, out int port, [NotNullWhen(false)] out string? reason)
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
