using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>Posts a message to its webhook. Whatever goes wrong is an answer, not an exception.</summary>
/// <remarks>Only the status counts: the answer's body is not read, and a redirect is not followed, since it may lead anywhere.</remarks>
internal sealed class WebhookSender(WebhookTargets targets, IHttpClientFactory clients, TimeProvider time)
{
    /// <summary>The name of the client, whose handler is <see cref="CreateHandler"/>.</summary>
    public const string Client = "webhooks";

    // What is kept of a failure; some of it can be the receiver's own words.
    private const int MaxFailureLength = 500;

    /// <summary>What is not read of an answer costs the connection, or a little of its time.</summary>
    public static HttpMessageHandler CreateHandler() => new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        MaxResponseHeadersLength = 16,
        MaxResponseDrainSize = 64 * 1024,
        ResponseDrainTimeout = TimeSpan.FromMilliseconds(250),
    };

    /// <summary>One attempt.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="abandon"/> was cancelled: the receiver may have the message.</exception>
    public async Task<DeliveryResult> SendAsync(ClaimedMessage claimed, TimeSpan timeout, CancellationToken abandon)
    {
        if (targets.Find(claimed.Message.Target) is not { } target) return new DeliveryResult($"Inference:Webhooks:{claimed.Message.Target} is no longer configured");
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, abandon);
        try
        {
            return await PostAsync(target, claimed, either.Token);
        }
        catch (OperationCanceledException) when (!abandon.IsCancellationRequested)
        {
            return new DeliveryResult($"no answer within {timeout}");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return new DeliveryResult(Clean(e.Message));
        }
    }

    private async Task<DeliveryResult> PostAsync(WebhookTarget target, ClaimedMessage claimed, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(Client);
        using var request = Write(target, claimed);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return response.IsSuccessStatusCode ? DeliveryResult.Delivered : new DeliveryResult(Describe(response.StatusCode), ReadRetryAfter(response));
    }

    private HttpRequestMessage Write(WebhookTarget target, ClaimedMessage claimed)
    {
        var (id, body) = (claimed.Message.Id, claimed.Resent ? OutOfOrder.Mark(claimed.Message.Payload) : claimed.Message.Payload);
        var request = new HttpRequestMessage(HttpMethod.Post, target.Address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/cloudevents+json", "utf-8");

        // A target's name is in the id, and may hold what no header can.
        var key = Uri.EscapeDataString(id);
        request.Headers.Add("Idempotency-Key", key);
        target.Signature?.AddTo(request, key, time.GetUtcNow(), body);
        return request;
    }

    private static string Describe(HttpStatusCode status)
    {
        var answered = string.Create(CultureInfo.InvariantCulture, $"the receiver answered {(int)status}");
        return (int)status is >= 300 and < 400 ? $"{answered}; redirects are not followed, so set the webhook's Url to the final address" : answered;
    }

    // A message of .NET quotes what the receiver said, and no database stores every character: PostgreSQL takes no NUL.
    private static string Clean(string failure)
    {
        var clean = new StringBuilder();
        foreach (var rune in failure.EnumerateRunes())
        {
            if (clean.Length + rune.Utf16SequenceLength > MaxFailureLength) break;
            clean.Append(Rune.IsControl(rune) ? Rune.ReplacementChar : rune);
        }

        return clean.ToString();
    }

    private TimeSpan? ReadRetryAfter(HttpResponseMessage response)
    {
        if (response.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)) return null;
        return response.Headers.RetryAfter is { } retry ? retry.Delta ?? retry.Date - time.GetUtcNow() : null;
    }
}
