using System.Net;
using System.Net.Sockets;
using System.Text;
using OrleansInference.Api.Security;
using OrleansInference.Silo.WarmUp;

namespace OrleansInference.Api.WarmUp;

/// <summary>Asks over HTTP, through a socket of its own to the server's, with the key that callers must bring.</summary>
/// <remarks>
/// A socket and not an <see cref="HttpClient"/>: that would be compiled as well, in the time that is meant for the server.
/// </remarks>
internal sealed class HttpWarmUpCaller(IServiceProvider services, ApiAccess access) : IWarmUpCaller
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public async Task CallAsync(string body, CancellationToken cancellationToken)
    {
        var address = Reachable(new Uri(ListenPlan.RestAddresses(services)[0]));
        var request = Encoding.UTF8.GetBytes(Request(address, body));
        var buffer = new byte[4096];
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

        // The last answer is waited for: a caller who leaves before would be one whose request was cancelled.
        using var giveUp = new CancellationTokenSource();
        await using var ending = cancellationToken.Register(() => giveUp.CancelAfter(Patience));
        await socket.ConnectAsync(address, giveUp.Token);
        while (!cancellationToken.IsCancellationRequested)
        {
            await socket.SendAsync(request, giveUp.Token);
            await ReadAnswerAsync(socket, buffer, giveUp.Token);
        }
    }

    private string Request(IPEndPoint address, string body) => string.Join(
        "\r\n",
        [
            $"POST /v1/models/{IPathWarmUp.Model}/predict?record=false HTTP/1.1",
            $"Host: {address}",
            .. access.ApiKey is { } key ? [$"{ApiKeyMiddleware.Header}: {key}"] : Array.Empty<string>(),
            "Content-Type: application/json",
            $"Content-Length: {Encoding.UTF8.GetByteCount(body)}",
            "",
            body,
        ]);

    // One request at a time, and its answer is a small JSON object: it is whole when the object ends.
    private static async Task ReadAnswerAsync(Socket socket, byte[] buffer, CancellationToken cancellationToken)
    {
        var length = 0;
        do
        {
            var read = length < buffer.Length ? await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken) : 0;
            if (read == 0) throw Unexpected(buffer.AsSpan(0, length));
            length += read;
        }
        while (buffer[length - 1] != '}');

        if (!buffer.AsSpan(0, length).StartsWith("HTTP/1.1 200 "u8)) throw Unexpected(buffer.AsSpan(0, length));
    }

    private static InvalidOperationException Unexpected(ReadOnlySpan<byte> answer) => new($"The server answered its own request with: {Encoding.UTF8.GetString(answer)}");

    private static IPEndPoint Reachable(Uri address)
    {
        var ip = IPAddress.Parse(address.Host.Trim('[', ']'));
        if (ip.Equals(IPAddress.Any)) ip = IPAddress.Loopback;
        else if (ip.Equals(IPAddress.IPv6Any)) ip = IPAddress.IPv6Loopback;
        return new IPEndPoint(ip, address.Port);
    }
}
