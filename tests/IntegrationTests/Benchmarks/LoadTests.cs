extern alias bench;

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using bench::OrleansInference.SideBySide.Load;

namespace IntegrationTests.Benchmarks;

/// <summary>The load generator of bench/, against sockets that answer as told.</summary>
public sealed class LoadTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public LoadTests() => _listener.Start();

    private int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello")]
    [InlineData("HTTP/1.1 404 Not Found\r\ncontent-length:0\r\n\r\n", 404, "")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200, "5\r\nhello\r\n0\r\n\r\n")]
    public async Task SendAsync_AnswerInPieces_IsReadWhole(string answer, int status, string body)
    {
        var served = ServeAsync(async stream =>
        {
            foreach (var piece in Encoding.ASCII.GetBytes(answer).Chunk(3))
            {
                await stream.WriteAsync(piece);
                await stream.FlushAsync();
            }
        });
        using var exchange = await HttpExchange.ConnectAsync(Port, TestContext.Current.CancellationToken);

        Assert.Equal(status, await exchange.SendAsync(HttpExchange.Get("/"), TestContext.Current.CancellationToken));
        Assert.Equal(body, Encoding.ASCII.GetString(exchange.Body));
        await EndAsync(exchange, served);
    }

    [Fact]
    public async Task SendAsync_ServerLeavesBeforeItsAnswerIsWhole_Throws()
    {
        var served = ServeAsync(async stream =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"u8.ToArray());
            stream.Close();
        });
        using var exchange = await HttpExchange.ConnectAsync(Port, TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await exchange.SendAsync(HttpExchange.Get("/"), TestContext.Current.CancellationToken));
        await EndAsync(exchange, served);
    }

    [Fact]
    public async Task ClosedLoop_ServerClosesConnections_CountsFailuresAndGoesOn()
    {
        var asked = 0;
        var served = ServeAsync(async stream =>
        {
            if (Interlocked.Increment(ref asked) % 2 == 0) stream.Close();
            else await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
        });

        var result = await ClosedLoop.RunAsync(Port, callers: 2, TimeSpan.FromMilliseconds(500), () => HttpExchange.Get("/"));

        Assert.True(result.Answers > 0 && result.Failures > 0, $"{result.Answers} answers and {result.Failures} failures of {asked} requests, half of which were answered.");
        _listener.Stop();
        await served;
    }

    // What a loop that waits for each answer would never see: all who came while the server stood still have waited.
    [Fact]
    public async Task OpenLoop_ServerStandsStill_CountsFromTheIntendedStart()
    {
        var stall = TimeSpan.FromMilliseconds(500);
        long startedAt = 0;
        var served = ServeAsync(async stream =>
        {
            Interlocked.CompareExchange(ref startedAt, Stopwatch.GetTimestamp(), 0);
            if (stall - Stopwatch.GetElapsedTime(startedAt) is var left && left > TimeSpan.Zero) await Task.Delay(left);
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
        });

        var result = await OpenLoop.RunAsync(Port, perSecond: 100, TimeSpan.FromSeconds(1), () => HttpExchange.Get("/"));

        Assert.Equal(100, result.Answers);
        Assert.True(result.Milliseconds(75) > 100, $"Three quarters waited {result.Milliseconds(75)} ms or less, though half of all came while the server stood still.");
        _listener.Stop();
        await served;
    }

    public void Dispose() => _listener.Dispose();

    private async Task EndAsync(HttpExchange exchange, Task served)
    {
        exchange.Dispose();
        _listener.Stop();
        await served;
    }

    // Answers every request of every connection, until the listener or the caller closes.
    private async Task ServeAsync(Func<NetworkStream, Task> answerAsync)
    {
        var connections = new List<Task>();
        try
        {
            while (true) connections.Add(AnswerAsync(await _listener.AcceptTcpClientAsync(), answerAsync));
        }
        // A listener that was stopped says one or the other.
        catch (Exception e) when (e is SocketException or InvalidOperationException)
        {
            await Task.WhenAll(connections);
        }
    }

    private static async Task AnswerAsync(TcpClient client, Func<NetworkStream, Task> answerAsync)
    {
        using (client)
        {
            var stream = client.GetStream();
            var buffer = new byte[4096];
            try
            {
                while (await stream.ReadAsync(buffer) > 0) await answerAsync(stream);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // The caller, or the answer, has closed it.
            }
        }
    }
}
