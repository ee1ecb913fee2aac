namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>How full the outbox is for one target.</summary>
/// <param name="Target">The webhook's name.</param>
/// <param name="Waiting">Messages that are not delivered yet.</param>
/// <param name="Dead">Dead letters.</param>
/// <param name="OldestWaiting">When the oldest of the waiting ones was written; null where none waits.</param>
public sealed record OutboxLevel(string Target, long Waiting, long Dead, DateTimeOffset? OldestWaiting);
