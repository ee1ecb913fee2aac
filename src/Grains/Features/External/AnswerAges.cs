namespace OrleansInference.Grains.Features.External;

/// <summary>What an answer that was kept is good for at its age. Asked whenever it is read; nothing is decided in advance.</summary>
internal readonly record struct AnswerAges(TimeSpan Ttl, TimeSpan StaleWhileRevalidate, TimeSpan StaleIfError)
{
    /// <summary>Whether any answer is worth keeping.</summary>
    public bool KeepAny => Ttl > TimeSpan.Zero || StaleWhileRevalidate > TimeSpan.Zero || StaleIfError > TimeSpan.Zero;

    /// <summary>Younger than the TTL, and no older than the model wants it.</summary>
    public bool IsFresh(TimeSpan age, TimeSpan? maxAge) => age < Ttl && IsWanted(age, maxAge);

    /// <summary>Good enough for this prediction while a new one is fetched for the next.</summary>
    public bool MayRevalidate(TimeSpan age, TimeSpan? maxAge) => age < Ttl + StaleWhileRevalidate && IsWanted(age, maxAge);

    /// <summary>Better than a default when the service has failed.</summary>
    public bool MayStandIn(TimeSpan age) => age < Ttl + StaleIfError;

    private static bool IsWanted(TimeSpan age, TimeSpan? maxAge) => maxAge is not { } most || age <= most;
}
