namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>How long a message waits after a failed attempt: exponential with equal jitter.</summary>
internal static class RetryDelays
{
    /// <param name="options">The shortest and the longest wait.</param>
    /// <param name="attempt">The attempt that failed, from 1.</param>
    /// <param name="retryAfter">What the receiver asked for; it is not undercut, but capped like every wait.</param>
    /// <param name="chance">From 0 to 1: where between half and the whole of the delay.</param>
    public static TimeSpan After(OutboxOptions options, int attempt, TimeSpan? retryAfter, double chance)
    {
        // Compared as numbers: doubled often enough, the delay is longer than a TimeSpan can be.
        var whole = options.RetryDelay * Math.Min(Math.Pow(2, attempt - 1), options.MaxRetryDelay / options.RetryDelay);
        var delay = whole * (0.5 + chance / 2);
        if (retryAfter > delay) delay = retryAfter.Value;
        return delay < options.MaxRetryDelay ? delay : options.MaxRetryDelay;
    }
}
