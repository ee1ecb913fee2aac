using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OrleansInference.SideBySide.Load;

/// <summary>One kept-alive HTTP/1.1 connection that sends prepared bytes and reads one answer at a time.</summary>
/// <remarks>
/// A socket and not an <see cref="HttpClient"/>, which costs as much CPU for a request as the server does, and so would measure itself
/// on a machine that both share. It reads answers with a Content-Length or in chunks.
/// </remarks>
internal sealed class HttpExchange : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _buffer = new byte[16 * 1024];
    private int _length;
    private int _bodyStart;
    private int _bodyEnd;

    public static async Task<HttpExchange> ConnectAsync(int port, CancellationToken cancellationToken)
    {
        var exchange = new HttpExchange();
        try
        {
            await exchange._socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellationToken);
            return exchange;
        }
        catch
        {
            exchange.Dispose();
            throw;
        }
    }

    /// <summary>The answer's status; its body is in <see cref="Body"/> until the next call.</summary>
    public async ValueTask<int> SendAsync(ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
    {
        (_length, _bodyStart, _bodyEnd) = (0, 0, 0);
        await _socket.SendAsync(request, cancellationToken);
        while (!IsWhole())
        {
            if (_length == _buffer.Length) Array.Resize(ref _buffer, 2 * _buffer.Length);
            var read = await _socket.ReceiveAsync(_buffer.AsMemory(_length), cancellationToken);
            if (read == 0) throw new InvalidOperationException("The server closed the connection before its answer was whole.");
            _length += read;
        }

        return ((_buffer[9] - '0') * 100) + ((_buffer[10] - '0') * 10) + (_buffer[11] - '0');
    }

    /// <summary>The last answer's body, still in its chunks where the server sent it so.</summary>
    public ReadOnlySpan<byte> Body => _buffer.AsSpan(_bodyStart, _bodyEnd - _bodyStart);

    public static byte[] Post(string path, string body, string contentType = "application/json") =>
        Encoding.UTF8.GetBytes($"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {contentType}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    public static byte[] Get(string path) => Encoding.UTF8.GetBytes($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");

    public void Dispose() => _socket.Dispose();

    private bool IsWhole()
    {
        var received = _buffer.AsSpan(0, _length);
        if (_bodyStart == 0)
        {
            var end = received.IndexOf("\r\n\r\n"u8);
            if (end < 0) return false;
            _bodyStart = end + 4;
            _bodyEnd = ReadContentLength(received[..end]) is { } length ? _bodyStart + length : 0;
        }

        if (_bodyEnd > 0) return _length >= _bodyEnd;
        if (!received.EndsWith("0\r\n\r\n"u8)) return false;
        _bodyEnd = _length;
        return true;
    }

    private static int? ReadContentLength(ReadOnlySpan<byte> headers)
    {
        while (headers.IndexOf("\r\n"u8) is var end and >= 0)
        {
            headers = headers[(end + 2)..];
            const int NameLength = 15;
            if (headers.Length <= NameLength || !Ascii.EqualsIgnoreCase(headers[..NameLength], "content-length:"u8)) continue;
            var value = headers[NameLength..];
            var stop = value.IndexOf((byte)'\r');
            return int.Parse(stop < 0 ? value : value[..stop], System.Globalization.NumberStyles.AllowLeadingWhite, System.Globalization.CultureInfo.InvariantCulture);
        }

        return null;
    }
}
