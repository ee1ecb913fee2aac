namespace OrleansInference.Grains.PostProcessing;

/// <summary>Port to the messages that wait for delivery.</summary>
public interface IOutbox
{
    /// <summary>Completes when messages may be waiting: after a commit that wrote some, or after <paramref name="atMost"/>.</summary>
    Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken);

    /// <summary>The oldest undelivered message of each user and target, where it is due; oldest first.</summary>
    Task<IReadOnlyList<WaitingMessage>> ReadDueAsync(int most, CancellationToken cancellationToken);

    /// <summary>Takes the message off the list for good.</summary>
    Task MarkDeliveredAsync(WaitingMessage message);

    /// <summary>Puts the message off; null for <paramref name="nextAttemptAt"/> makes it a dead letter.</summary>
    Task MarkFailedAsync(WaitingMessage message, string reason, DateTimeOffset? nextAttemptAt);
}

/// <summary>A message and how often it was tried.</summary>
/// <param name="Position">Its place in the outbox.</param>
/// <param name="Message">What to send.</param>
/// <param name="Attempt">Attempts so far.</param>
public sealed record WaitingMessage(long Position, OutboxMessage Message, int Attempt);
