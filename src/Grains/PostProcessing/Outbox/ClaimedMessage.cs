namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>A message that is leased to somebody who tries to deliver it.</summary>
/// <param name="Position">Its place in the outbox.</param>
/// <param name="User">Whose it is, see <see cref="UserKey"/>.</param>
/// <param name="Message">What to send.</param>
/// <param name="Owner">To whom it is leased.</param>
/// <param name="Attempt">The number of this attempt, from 1. Nobody else can settle it under this owner and number.</param>
/// <param name="LeaseUntil">When somebody else may claim it.</param>
/// <param name="Resent">Whether it was a dead letter and was sent again, outside its lane.</param>
public sealed record ClaimedMessage(long Position, string User, OutboxMessage Message, string Owner, int Attempt, DateTimeOffset LeaseUntil, bool Resent);
