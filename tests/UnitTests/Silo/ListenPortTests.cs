using System.Net;
using System.Net.Sockets;
using OrleansInference.Silo;

namespace UnitTests.Silo;

public sealed class ListenPortTests
{
    [Fact]
    public void TryFind_AnyPort_IsNoneThatOutgoingConnectionsGet()
    {
        // By default: Linux from 32768, Windows and macOS from 49152.
        for (var i = 0; i < 20; i++)
        {
            Assert.True(ListenPort.TryFind(new IPEndPoint(IPAddress.Loopback, 0), out var port, out var reason), reason);
            Assert.InRange(port, 1024, 32_767);
        }
    }

    [Fact]
    public void TryFind_PortThatIsTaken_SaysWhy()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        Assert.False(ListenPort.TryFind((IPEndPoint)taken.LocalEndpoint, out _, out var reason));
        Assert.NotEmpty(reason);
    }

    [Fact]
    public void TryFind_AddressOfAnotherMachine_SaysWhy()
    {
        Assert.False(ListenPort.TryFind(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 0), out _, out var reason));
        Assert.NotEmpty(reason);
    }
}
