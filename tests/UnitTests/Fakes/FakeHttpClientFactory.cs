using System.Net;
using System.Text;

namespace UnitTests.Fakes;

/// <summary>Clients whose requests the test answers; the requests are kept.</summary>
internal sealed class FakeHttpClientFactory : IHttpClientFactory
{
    private readonly List<SentRequest> _sent = [];
    private readonly Lock _gate = new();

    public Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> Answer { get; set; } = (_, _) => Respond(HttpStatusCode.OK, "{}");

    public IReadOnlyList<SentRequest> Sent
    {
        get
        {
            lock (_gate) return [.. _sent];
        }
    }

    public static Task<HttpResponseMessage> Respond(HttpStatusCode status, string body = "") =>
        Task.FromResult(new HttpResponseMessage(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") });

    /// <summary>A service that never answers, until its caller gives up.</summary>
    public static async Task<HttpResponseMessage> NeverRespond(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.Infinite, cancellationToken);
        throw new InvalidOperationException("not reached");
    }

    public HttpClient CreateClient(string name) => new(new Handler(this));

    private sealed class Handler(FakeHttpClientFactory owner) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = request.Content is null ? null : await request.Content.ReadAsByteArrayAsync(cancellationToken);
            var headers = request.Headers.ToDictionary(header => header.Key, header => string.Join(",", header.Value));
            lock (owner._gate) owner._sent.Add(new SentRequest(request.RequestUri!.AbsoluteUri, headers, request.Content?.Headers.ContentType?.ToString(), body));
            return await owner.Answer(request, cancellationToken);
        }
    }
}

/// <summary>A request as it went out.</summary>
internal sealed record SentRequest(string Address, IReadOnlyDictionary<string, string> Headers, string? ContentType, byte[]? Body);
