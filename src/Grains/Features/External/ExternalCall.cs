using System.Text.Json;
using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace OrleansInference.Grains.Features.External;

/// <summary>Asks a service over HTTP: address, headers, attempts, breaker, and the features in its answer.</summary>
internal sealed partial class ExternalCall(
    string name, ExternalServiceOptions options, FeatureColumn[] columns, IHttpClientFactory clients, TimeProvider time, InferenceInstruments instruments, ILogger<ExternalService> logger)
{
    private readonly string _baseAddress = ExternalSettings.ParseBaseAddress(name, options.BaseAddress);
    private readonly KeyValuePair<string, string>[] _headers = ExternalSettings.ParseHeaders(name, options.Headers);
    private readonly ResiliencePipeline<HttpResponseMessage> _attempts = new ExternalBreaker(name, options, time, instruments, logger).Build();

    /// <summary>A redirect would carry the headers, secrets among them, to another host.</summary>
    /// <remarks>A connection outlives the call that it was begun for, and the next call would wait for it: one that hangs is given up, too.</remarks>
    public static HttpMessageHandler CreateHandler(TimeSpan connectTimeout) =>
        new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = connectTimeout };

    /// <summary>Whether an exception of <see cref="AskAsync"/> says that the service has failed, and not that we have.</summary>
    public static bool IsFailure(Exception e) => e is HttpRequestException or OperationCanceledException or JsonException or IOException or BrokenCircuitException or TimeoutRejectedException

        // System.Text.Json's answer to a string that is not valid Unicode.
        or InvalidOperationException;

    /// <summary>The features at a filled path, within the service's own timeout.</summary>
    public async Task<FeatureRow> AskAsync(string path)
    {
        instruments.OnFeatureQuery(name);
        try
        {
            return await FetchAsync(path).ConfigureAwait(false);
        }
        catch (Exception e) when (IsFailure(e))
        {
            instruments.OnFeatureFailure(name);

            // An open breaker was told of once; it is no news for every prediction that meets it.
            if (e is not BrokenCircuitException) LogServiceFailed(e, name, _baseAddress);
            throw;
        }
    }

    private async Task<FeatureRow> FetchAsync(string path)
    {
        using var timeout = new CancellationTokenSource(options.Timeout, time);
        using var response = await _attempts.ExecuteAsync(
            static (call, cancellationToken) => call.Self.AttemptAsync(call.Path, cancellationToken), (Self: this, Path: path), timeout.Token).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();

        var body = await response.Content.ReadAsStreamAsync(timeout.Token).ConfigureAwait(false);
        using var json = await JsonDocument.ParseAsync(body, default, timeout.Token).ConfigureAwait(false);
        return AnswerMapping.Map(json.RootElement, columns, time.GetTimestamp());
    }

    // The body is read within the attempt: a connection that breaks in its middle is as transient as one that is refused.
    private async ValueTask<HttpResponseMessage> AttemptAsync(string path, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(ExternalClients.NameOf(name));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{_baseAddress}/{path.TrimStart('/')}");
        foreach (var (header, value) in _headers) request.Headers.TryAddWithoutValidation(header, value);
        var response = await SendAsync(client, request, cancellationToken).ConfigureAwait(false);
        try
        {
            if (response.IsSuccessStatusCode) await response.Content.LoadIntoBufferAsync(options.MaxResponseBytes, cancellationToken).ConfigureAwait(false);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    // The connection's time is the attempt's, and either may be over first.
    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, "no connection came about in time", e);
        }
    }

    [LoggerMessage(EventIds.ExternalServiceFailed, LogLevel.Warning, "External service {ServiceName} at {Address} failed; older or default values stand in")]
    private partial void LogServiceFailed(Exception cause, string serviceName, string address);
}
