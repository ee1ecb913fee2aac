using System.Net;
using System.Net.Sockets;

namespace IntegrationTests.Infrastructure;

/// <summary>Ports that nobody held a moment ago, and that nobody gets by asking for any port.</summary>
internal static class FreePort
{
    // Below what systems hand out by themselves, which the tests that run meanwhile ask for all the time.
    private const int Lowest = 20_000;
    private const int Highest = 32_000;

    private static int _next = Random.Shared.Next(Lowest, Highest);

    public static int Find()
    {
        while (true)
        {
            var port = Lowest + (Interlocked.Increment(ref _next) % (Highest - Lowest));
            if (IsFree(port)) return port;
        }
    }

    /// <summary>The first of a hundred, none of which anybody held.</summary>
    public static int FindHundred()
    {
        while (true)
        {
            var first = Random.Shared.Next(Lowest, Highest - 100);
            if (Enumerable.Range(first, 100).All(IsFree)) return first;
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port) { ExclusiveAddressUse = true };
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
