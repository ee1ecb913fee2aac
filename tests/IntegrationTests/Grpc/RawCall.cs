using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;

namespace IntegrationTests.Grpc;

/// <summary>A gRPC call by hand, for what a proper client would not send.</summary>
internal static class RawCall
{
    private const int PrefixBytes = 5;

    /// <summary>Sends one message and answers the status that came back.</summary>
    public static Task<(int Status, string Message)> SendAsync(Uri server, string method, IMessage message, params (string Name, string Value)[] headers) =>
        SendAsync(server, method, message.ToByteArray(), headers);

    public static async Task<(int Status, string Message)> SendAsync(Uri server, string method, byte[] message, params (string Name, string Value)[] headers)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, method))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(Frame(message)) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        foreach (var (name, value) in headers)
        {
            if (name is "host") request.Headers.Host = value;
            else request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        return (int.Parse(Read(response, "grpc-status")!, System.Globalization.CultureInfo.InvariantCulture), Uri.UnescapeDataString(Read(response, "grpc-message") ?? ""));
    }

    // The status stands behind the body, or in the headers where there is none.
    private static string? Read(HttpResponseMessage response, string name) =>
        response.TrailingHeaders.TryGetValues(name, out var trailers) || response.Headers.TryGetValues(name, out trailers) ? trailers.Single() : null;

    private static byte[] Frame(byte[] message)
    {
        var frame = new byte[PrefixBytes + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, PrefixBytes);
        return frame;
    }
}
