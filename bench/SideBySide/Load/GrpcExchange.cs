using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OrleansInference.SideBySide.Load;

/// <summary>One HTTP/2 connection that makes one prepared unary gRPC call at a time.</summary>
/// <remarks>
/// A socket, for the reason that <see cref="HttpExchange"/> is one. It has no table of headers, so that a trailer is found by its bytes:
/// RFC 9113 for frames, RFC 7541 for headers.
/// </remarks>
internal sealed class GrpcExchange : IDisposable
{
    private const int FrameHeader = 9;
    private const int MessageHeader = 5;
    private const int MaxFrame = 16 * 1024;
    private const int StreamIdOffset = 5;

    // Flags of a frame, whose meaning depends on its type.
    private const byte EndStream = 1;
    private const byte Acknowledged = 1;
    private const byte EndHeaders = 4;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[4 * MaxFrame];
    private readonly byte[] _request;
    private readonly int _dataFrame;
    private readonly MemoryStream _message = new();
    private int _length;
    private int _stream = -1;

    private GrpcExchange(string method, ReadOnlySpan<byte> message)
    {
        var headers = Headers(method);
        if (message.Length + MessageHeader > MaxFrame) throw new ArgumentException($"The message has {message.Length} bytes; one frame holds {MaxFrame - MessageHeader}.", nameof(message));
        _dataFrame = FrameHeader + headers.Length;
        var data = new byte[MessageHeader + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(data.AsSpan(1), message.Length);
        message.CopyTo(data.AsSpan(MessageHeader));
        _request = [.. Frame(FrameType.Headers, EndHeaders, headers), .. Frame(FrameType.Data, EndStream, data)];
    }

    private enum FrameType : byte
    {
        Data = 0,
        Headers = 1,
        ResetStream = 3,
        Settings = 4,
        Ping = 6,
        GoAway = 7,
        WindowUpdate = 8,
    }

    /// <summary>The last answer's message.</summary>
    public ReadOnlySpan<byte> Message => _message.GetBuffer().AsSpan(0, (int)_message.Length)[MessageHeader..];

    /// <param name="port">Where the server listens for HTTP/2 without TLS.</param>
    /// <param name="method">Such as <c>/package.Service/Method</c>.</param>
    /// <param name="message">What every call sends.</param>
    /// <param name="cancellationToken">Ends the wait for the connection.</param>
    public static async Task<GrpcExchange> ConnectAsync(int port, string method, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        var exchange = new GrpcExchange(method, message.Span);
        try
        {
            await exchange._socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellationToken);
            await exchange._socket.SendAsync(Greeting(), cancellationToken);
            return exchange;
        }
        catch
        {
            exchange.Dispose();
            throw;
        }
    }

    /// <summary>Whether the call ended with status OK.</summary>
    public async ValueTask<bool> CallAsync(CancellationToken cancellationToken)
    {
        _message.SetLength(0);
        _stream += 2;
        BinaryPrimitives.WriteInt32BigEndian(_request.AsSpan(StreamIdOffset), _stream);
        BinaryPrimitives.WriteInt32BigEndian(_request.AsSpan(_dataFrame + StreamIdOffset), _stream);
        await _socket.SendAsync(_request, cancellationToken);
        while (true)
        {
            var payload = 0;
            while (_length < FrameHeader || _length < FrameHeader + (payload = ReadLength())) await ReceiveAsync(cancellationToken);
            var (type, flags) = ((FrameType)_buffer[3], _buffer[4]);
            var isOk = type is FrameType.Headers && HasStatusOk(_buffer.AsSpan(FrameHeader, payload));
            if (type is FrameType.Data) _message.Write(_buffer.AsSpan(FrameHeader, payload));
            if (type is FrameType.ResetStream or FrameType.GoAway) throw new InvalidOperationException($"The server ended the call with a frame {type}.");
            if (type is FrameType.Settings or FrameType.Ping && (flags & Acknowledged) == 0) await AcknowledgeAsync(type, payload, cancellationToken);
            Drop(FrameHeader + payload);
            if (type is FrameType.Headers && (flags & EndStream) != 0) return isOk;
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _message.Dispose();
    }

    // No table of headers, and windows so wide that they never have to be opened again.
    private static byte[] Greeting()
    {
        byte[] settings = [0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 4, 0x7f, 0xff, 0xff, 0xff];
        byte[] window = [0x7f, 0xff, 0, 0];
        return [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(FrameType.Settings, 0, settings), .. Frame(FrameType.WindowUpdate, 0, window)];
    }

    // :method POST, :scheme http, then literals that no table keeps.
    private static byte[] Headers(string method) =>
        [0x83, 0x86, 0x04, .. Literal(method), 0x01, .. Literal("127.0.0.1"), 0x0f, 0x10, .. Literal("application/grpc"), 0x00, .. Literal("te"), .. Literal("trailers")];

    private static byte[] Literal(string text) =>
        text.Length < 127 ? [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)] : throw new ArgumentException($"{text} is longer than 126 bytes.", nameof(text));

    private static byte[] Frame(FrameType type, byte flags, byte[] payload) =>
        [(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, (byte)type, flags, 0, 0, 0, 0, .. payload];

    private static bool HasStatusOk(ReadOnlySpan<byte> headers)
    {
        var name = headers.IndexOf("grpc-status"u8);
        return name >= 0 && headers[(name + "grpc-status".Length)..].StartsWith("\u00010"u8);
    }

    private int ReadLength() => (_buffer[0] << 16) | (_buffer[1] << 8) | _buffer[2];

    private async ValueTask ReceiveAsync(CancellationToken cancellationToken)
    {
        var read = await _socket.ReceiveAsync(_buffer.AsMemory(_length), cancellationToken);
        if (read == 0) throw new InvalidOperationException("The server closed the connection before its answer was whole.");
        _length += read;
    }

    private async ValueTask AcknowledgeAsync(FrameType type, int payload, CancellationToken cancellationToken) => await _socket.SendAsync(
        Frame(type, Acknowledged, type is FrameType.Ping ? _buffer.AsSpan(FrameHeader, payload).ToArray() : []), cancellationToken);

    private void Drop(int bytes)
    {
        _buffer.AsSpan(bytes, _length - bytes).CopyTo(_buffer);
        _length -= bytes;
    }
}
