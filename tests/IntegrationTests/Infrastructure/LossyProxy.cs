using System.Net;
using System.Net.Sockets;
using System.Text;
using Npgsql;

namespace IntegrationTests.Infrastructure;

/// <summary>A way to PostgreSQL that can break after the server has done what it was asked, and before the client hears of it.</summary>
internal sealed class LossyProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _serverPort;
    private readonly Task _accepting;
    private byte[] _statement = [];
    private int _losses;
    private int _lost;
    private int _stalls;
    private int _stalled;

    /// <param name="database">Where it leads to.</param>
    public LossyProxy(string database)
    {
        var settings = new NpgsqlConnectionStringBuilder(database);
        _serverPort = settings.Port;
        _listener.Start();
        settings.Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        ConnectionString = settings.ConnectionString;
        _accepting = AcceptAsync();
    }

    /// <summary>The database by this way.</summary>
    public string ConnectionString { get; }

    /// <summary>How many answers were lost.</summary>
    public int Lost => Volatile.Read(ref _lost);

    /// <summary>Loses the answers to the next statements that hold a text.</summary>
    public void Lose(string statement, int times)
    {
        _statement = Encoding.UTF8.GetBytes(statement);
        Volatile.Write(ref _losses, times);
    }

    /// <summary>How many statements never came to the server.</summary>
    public int Stalled => Volatile.Read(ref _stalled);

    /// <summary>Lets the connections that send the next statements that hold a text die without a word: nothing passes any more, and nothing tells.</summary>
    public void Stall(string statement, int times)
    {
        _statement = Encoding.UTF8.GetBytes(statement);
        Volatile.Write(ref _stalls, times);
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            await server.ConnectAsync(IPAddress.Loopback, _serverPort);
            var loss = new Loss();

            // Whichever ends first ends the other.
            await Task.WhenAny(AskAsync(client.GetStream(), server.GetStream(), loss), AnswerAsync(server.GetStream(), client.GetStream(), loss));
        }
    }

    private async Task AskAsync(NetworkStream client, NetworkStream server, Loss loss)
    {
        var buffer = new byte[1 << 16];
        for (int read; (read = await client.ReadAsync(buffer)) > 0;)
        {
            // Before the server hears of it, so that its answer cannot be faster.
            var isMeant = buffer.AsSpan(0, read).IndexOf(_statement) >= 0;
            if (isMeant && Interlocked.Decrement(ref _losses) >= 0) loss.IsDue = true;
            if (isMeant && Interlocked.Decrement(ref _stalls) >= 0)
            {
                Interlocked.Increment(ref _stalled);
                await UntilClosedAsync(client);
                return;
            }

            await server.WriteAsync(buffer.AsMemory(0, read));
        }
    }

    private static async Task UntilClosedAsync(NetworkStream client)
    {
        var buffer = new byte[1 << 16];
        while (await client.ReadAsync(buffer) > 0)
        {
        }
    }

    private async Task AnswerAsync(NetworkStream server, NetworkStream client, Loss loss)
    {
        var (buffer, withheld) = (new byte[1 << 16], new List<byte>());
        for (int read; (read = await server.ReadAsync(buffer)) > 0;)
        {
            if (!loss.IsDue)
            {
                await client.WriteAsync(buffer.AsMemory(0, read));
                continue;
            }

            // ReadyForQuery: all is done, and committed.
            withheld.AddRange(buffer.AsSpan(0, read));
            if (!withheld.TakeLast(6).SequenceEqual("Z\0\0\0\u0005I"u8.ToArray())) continue;
            Interlocked.Increment(ref _lost);
            return;
        }
    }

    private sealed class Loss
    {
        private volatile bool _isDue;

        public bool IsDue
        {
            get => _isDue;
            set => _isDue = value;
        }
    }
}
