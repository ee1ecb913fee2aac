namespace OrleansInference;

/// <summary>The alerts and workflow triggers that could not be delivered, as a .NET application sees them. REST translates to it.</summary>
public interface IOutboxClient
{
    /// <summary>The most dead letters that one call answers.</summary>
    const int MostDeadLetters = 1_000;

    /// <summary>Dead letters, the last written first.</summary>
    /// <param name="target">Of this webhook only; null for all.</param>
    /// <param name="before">From before this <see cref="DeadLetter.Position"/>; null for the last ones.</param>
    /// <param name="most">How many, from 1 to <see cref="MostDeadLetters"/>.</param>
    /// <exception cref="InferenceException">InvalidInput: <paramref name="most"/> is out of range. StorageUnavailable.</exception>
    Task<IReadOnlyList<DeadLetter>> ListDeadLettersAsync(string? target = null, long? before = null, int most = 100);

    /// <summary>Sends a dead letter again, marked as out of order: it waits for no other message of its user, and none waits for it.</summary>
    /// <exception cref="InferenceException">NotFound; InvalidInput: the message is no dead letter; or StorageUnavailable.</exception>
    Task ResendAsync(string messageId);
}
