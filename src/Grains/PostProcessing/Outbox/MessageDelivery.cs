using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>Tries to deliver a claimed message, and writes down what came of it.</summary>
internal sealed partial class MessageDelivery(
    IOutbox outbox, WebhookSender sender, TargetPause pause, OutboxOptions options, TimeProvider time, InferenceInstruments instruments, ILogger logger)
{
    /// <summary>One attempt; does not fail. Cancelling <paramref name="abandon"/> leaves the message leased.</summary>
    public async Task DeliverAsync(ClaimedMessage message, CancellationToken abandon)
    {
        try
        {
            // A claim that came back late has a part of its lease behind it.
            var left = message.LeaseUntil - time.GetUtcNow() - options.LeaseMargin / 2;
            var timeout = left < options.Timeout ? left : options.Timeout;
            if (timeout <= TimeSpan.Zero) LoseLease(message);
            else await SettleAsync(message, await SendAsync(message, timeout, abandon), abandon);
        }
        catch (OperationCanceledException) when (abandon.IsCancellationRequested)
        {
            // The program stops, and gives the message back.
        }
        catch (Exception e)
        {
            instruments.OnDeliveryAttempt(message.Message.Target, "not_settled");
            LogNotSettled(e, message.Message.Id, message.Message.Target);
        }
    }

    private async Task<DeliveryResult> SendAsync(ClaimedMessage message, TimeSpan timeout, CancellationToken abandon)
    {
        var startedAt = time.GetTimestamp();
        var result = await sender.SendAsync(message, timeout, abandon);
        instruments.OnDelivery(message.Message.Target, time.GetElapsedTime(startedAt));

        // Before it is written down, so that nothing else is claimed meanwhile.
        if (pause.Extend(result.RetryAfter)) LogPaused(message.Message.Target, pause.Left);
        return result;
    }

    // What is done is done: the database is asked again while the lease holds, since the receiver would have the message twice.
    private async Task SettleAsync(ClaimedMessage message, DeliveryResult result, CancellationToken abandon)
    {
        while (true)
        {
            try
            {
                await TrySettleAsync(message, result, abandon);
                return;
            }
            catch (InferenceException e) when (time.GetUtcNow() + options.RetryDelay < message.LeaseUntil)
            {
                LogSettledLater(e, message.Message.Id, message.Message.Target);
                await Task.Delay(options.RetryDelay, time, abandon);
            }
        }
    }

    private Task TrySettleAsync(ClaimedMessage message, DeliveryResult result, CancellationToken abandon)
    {
        if (result.IsDelivered) return AcknowledgeAsync(message, abandon);
        return message.Attempt < options.MaxAttempts ? PutOffAsync(message, result, abandon) : BuryAsync(message, result, abandon);
    }

    private async Task AcknowledgeAsync(ClaimedMessage message, CancellationToken abandon)
    {
        if (!await outbox.AcknowledgeAsync(message, abandon))
        {
            LoseLease(message);
            return;
        }

        instruments.OnDeliveryAttempt(message.Message.Target, "delivered");
        LogDelivered(message.Message.Id, message.Message.Target, message.Attempt);
    }

    private async Task PutOffAsync(ClaimedMessage message, DeliveryResult result, CancellationToken abandon)
    {
        var delay = RetryDelays.After(options, message.Attempt, result.RetryAfter, Random.Shared.NextDouble());
        if (!await outbox.PutOffAsync(message, result.Failure!, time.GetUtcNow() + delay, abandon))
        {
            LoseLease(message);
            return;
        }

        instruments.OnDeliveryAttempt(message.Message.Target, "failed");
        LogPutOff(message.Message.Id, message.Message.Target, message.Attempt, result.Failure!, delay);
    }

    private async Task BuryAsync(ClaimedMessage message, DeliveryResult result, CancellationToken abandon)
    {
        if (!await outbox.BuryAsync(message, result.Failure!, abandon))
        {
            LoseLease(message);
            return;
        }

        instruments.OnDeliveryAttempt(message.Message.Target, "dead");
        LogDead(message.Message.Id, message.Message.Target, message.Attempt, result.Failure!);
    }

    private void LoseLease(ClaimedMessage message)
    {
        instruments.OnDeliveryAttempt(message.Message.Target, "lease_lost");
        LogLeaseLost(message.Message.Id, message.Message.Target, message.Attempt);
    }

    [LoggerMessage(EventIds.MessageDelivered, LogLevel.Debug, "Message {MessageId} was delivered to {Target} (attempt {Attempt})")]
    private partial void LogDelivered(string messageId, string target, int attempt);

    [LoggerMessage(EventIds.MessageFailed, LogLevel.Warning, "Message {MessageId} could not be delivered to {Target} (attempt {Attempt}): {Reason}; next attempt in {Delay}")]
    private partial void LogPutOff(string messageId, string target, int attempt, string reason, TimeSpan delay);

    [LoggerMessage(EventIds.TargetPaused, LogLevel.Information, "{Target} asked to be left alone; its messages wait for {Delay}")]
    private partial void LogPaused(string target, TimeSpan delay);

    [LoggerMessage(EventIds.MessageDead, LogLevel.Error, "Message {MessageId} to {Target} is a dead letter after {Attempt} attempts: {Reason}")]
    private partial void LogDead(string messageId, string target, int attempt, string reason);

    [LoggerMessage(EventIds.MessageLeaseLost, LogLevel.Warning, "The lease of message {MessageId} to {Target} was lost in attempt {Attempt}: it was erased, or somebody else delivers it")]
    private partial void LogLeaseLost(string messageId, string target, int attempt);

    [LoggerMessage(EventIds.MessageSettledLater, LogLevel.Warning, "What came of message {MessageId} to {Target} cannot be written down yet")]
    private partial void LogSettledLater(Exception cause, string messageId, string target);

    [LoggerMessage(EventIds.MessageNotSettled, LogLevel.Error, "What came of message {MessageId} to {Target} could not be written down: it is due again when its lease ends")]
    private partial void LogNotSettled(Exception cause, string messageId, string target);
}
