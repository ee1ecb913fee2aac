using System.Net.Http.Headers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Grains.PostProcessing;

/// <summary>Delivers the outbox to its webhooks: at least once, in order for each user and target.</summary>
/// <remarks>One process owns the outbox (the data directory is locked), so nothing needs to be claimed.</remarks>
internal sealed partial class OutboxDispatcher(
    IOutbox outbox,
    WebhookTargets targets,
    IHttpClientFactory clients,
    IOptions<OutboxOptions> options,
    TimeProvider time,
    InferenceInstruments instruments,
    ILogger<OutboxDispatcher> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (!await DeliverDueAsync(stoppingToken)) await outbox.WaitAsync(options.Value.PollInterval, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever it was, the messages stay where they are, and the next look may fare better.
                LogOutboxUnavailable(e);
                await Task.Delay(options.Value.RetryDelay, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<bool> DeliverDueAsync(CancellationToken stoppingToken)
    {
        var due = await outbox.ReadDueAsync(options.Value.MaxConcurrency, stoppingToken);
        await Task.WhenAll(due.Select(message => DeliverAsync(message, stoppingToken)));
        return due.Count > 0;
    }

    private async Task DeliverAsync(WaitingMessage waiting, CancellationToken stoppingToken)
    {
        try
        {
            await PostAsync(waiting.Message, stoppingToken);
            instruments.OnDeliveryAttempt(waiting.Message.Target, "delivered");
            await outbox.MarkDeliveredAsync(waiting);
            LogDelivered(waiting.Message.Id, waiting.Message.Target);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            stoppingToken.ThrowIfCancellationRequested();
            await PutOffAsync(waiting, e);
        }
    }

    private async Task PostAsync(OutboxMessage message, CancellationToken stoppingToken)
    {
        var target = targets.Find(message.Target)
            ?? throw new HttpRequestException($"Inference:Webhooks:{message.Target} is no longer configured");
        using var timeout = new CancellationTokenSource(options.Value.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stoppingToken);
        using var client = clients.CreateClient(nameof(OutboxDispatcher));
        using var request = new HttpRequestMessage(HttpMethod.Post, target) { Content = new ByteArrayContent(message.Payload) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/cloudevents+json", "utf-8");
        request.Headers.Add("Idempotency-Key", message.Id);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
        response.EnsureSuccessStatusCode();
    }

    private async Task PutOffAsync(WaitingMessage waiting, Exception cause)
    {
        var (attempt, settings) = (waiting.Attempt + 1, options.Value);
        if (attempt >= settings.MaxAttempts)
        {
            instruments.OnDeliveryAttempt(waiting.Message.Target, "dead");
            LogDead(cause, waiting.Message.Id, waiting.Message.Target, attempt);
            await outbox.MarkFailedAsync(waiting, cause.Message, nextAttemptAt: null);
            return;
        }

        // Compared as numbers: doubled often enough, the delay is longer than a TimeSpan can be.
        var factor = Math.Min(Math.Pow(2, waiting.Attempt), settings.MaxRetryDelay / settings.RetryDelay);
        var delay = settings.RetryDelay * factor;
        instruments.OnDeliveryAttempt(waiting.Message.Target, "failed");
        LogPutOff(cause, waiting.Message.Id, waiting.Message.Target, attempt, delay);
        await outbox.MarkFailedAsync(waiting, cause.Message, time.GetUtcNow() + delay);
    }

    [LoggerMessage(EventIds.MessageDelivered, LogLevel.Debug, "Message {MessageId} was delivered to {Target}")]
    private partial void LogDelivered(string messageId, string target);

    [LoggerMessage(EventIds.MessageFailed, LogLevel.Warning, "Message {MessageId} could not be delivered to {Target} (attempt {Attempt}); next attempt in {Delay}")]
    private partial void LogPutOff(Exception cause, string messageId, string target, int attempt, TimeSpan delay);

    [LoggerMessage(EventIds.MessageDead, LogLevel.Error, "Message {MessageId} to {Target} is a dead letter after {Attempt} attempts")]
    private partial void LogDead(Exception cause, string messageId, string target, int attempt);

    [LoggerMessage(EventIds.OutboxUnavailable, LogLevel.Error, "The outbox cannot be read or written; its messages wait")]
    private partial void LogOutboxUnavailable(Exception cause);
}
