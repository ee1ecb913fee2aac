namespace OrleansInference;

/// <summary>The outbox, for callers that cannot reach its database themselves. Key: <see cref="Key"/>.</summary>
[Alias("inference.outbox")]
public interface IOutboxGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "-";

    /// <summary>See <see cref="IOutboxClient.ListDeadLettersAsync"/>.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    [Alias("list-dead-letters"), ResponseTimeout("00:00:30")]
    Task<IReadOnlyList<DeadLetter>> ListDeadLettersAsync(string? target, long? before, int most);

    /// <summary>See <see cref="IOutboxClient.ResendAsync"/>.</summary>
    /// <exception cref="InferenceException">NotFound, InvalidInput or StorageUnavailable.</exception>
    [Alias("resend"), ResponseTimeout("00:00:30")]
    Task ResendAsync(string messageId);
}
