namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>Port to the messages that wait for delivery. Those of one user to one target are a lane: they go out one after the other.</summary>
/// <remarks>All methods throw InferenceException with StorageUnavailable when the database does not do its part.</remarks>
public interface IOutbox
{
    /// <summary>
    /// Leases due messages of a target to <paramref name="owner"/>, the longest due first: of each lane only the oldest undelivered
    /// one, and none that is leased to somebody else. Empty where there is none now.
    /// </summary>
    Task<IReadOnlyList<ClaimedMessage>> ClaimAsync(string target, string owner, TimeSpan lease, int most, CancellationToken cancellationToken);

    /// <summary>The targets of the messages that wait, whether they are configured or not.</summary>
    Task<IReadOnlyList<string>> ReadWaitingTargetsAsync(CancellationToken cancellationToken);

    /// <summary>The message was delivered: takes it off the list for good, and the next of its lane is due.</summary>
    /// <returns>False where the lease was lost: somebody else has claimed the message since.</returns>
    Task<bool> AcknowledgeAsync(ClaimedMessage message, CancellationToken cancellationToken);

    /// <summary>The message could not be delivered: it is due again at <paramref name="nextAttemptAt"/>, and its lane waits for it.</summary>
    /// <returns>False where the lease was lost.</returns>
    Task<bool> PutOffAsync(ClaimedMessage message, string reason, DateTimeOffset nextAttemptAt, CancellationToken cancellationToken);

    /// <summary>Makes the message a dead letter, and the next of its lane is due.</summary>
    /// <returns>False where the lease was lost.</returns>
    Task<bool> BuryAsync(ClaimedMessage message, string reason, CancellationToken cancellationToken);

    /// <summary>Gives back what the owner has leased and did not settle; those attempts do not count.</summary>
    Task<int> ReleaseAsync(string owner, CancellationToken cancellationToken);

    /// <summary>Makes a dead letter due again, outside its lane.</summary>
    Task<ResendOutcome> ResendAsync(string messageId, CancellationToken cancellationToken);

    /// <summary>Dead letters, the last written first: of one target or of all, from before a position or from the end.</summary>
    Task<IReadOnlyList<DeadMessage>> ListDeadAsync(string? target, long? before, int most, CancellationToken cancellationToken);

    /// <summary>How many messages wait and how many are dead, for every target that has some.</summary>
    Task<IReadOnlyList<OutboxLevel>> ReadLevelsAsync(CancellationToken cancellationToken);

    /// <summary>When each rule last owed a message of this user, by <see cref="OutboxMessage.Rule"/>; as far back as messages are kept.</summary>
    Task<IReadOnlyDictionary<string, DateTimeOffset>> ReadLastRaisedAsync(string user, CancellationToken cancellationToken);
}
