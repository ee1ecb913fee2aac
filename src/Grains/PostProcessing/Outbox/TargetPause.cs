namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>How long this silo leaves a target alone, because its receiver asked for that.</summary>
/// <remarks>Threads: any. _lock guards the fields below it.</remarks>
internal sealed class TargetPause(OutboxOptions options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private long _since;
    private TimeSpan _length;

    /// <summary>What is left of it; zero or less where messages may go out.</summary>
    public TimeSpan Left
    {
        get
        {
            lock (_lock) return LeftNeedsLock();
        }
    }

    /// <summary>Takes what the receiver asked for, up to MaxRetryDelay; a pause that ends later stays.</summary>
    /// <returns>Whether a pause begins with it.</returns>
    public bool Extend(TimeSpan? retryAfter)
    {
        if (retryAfter is not { } asked || asked <= TimeSpan.Zero) return false;
        if (asked > options.MaxRetryDelay) asked = options.MaxRetryDelay;
        lock (_lock)
        {
            var left = LeftNeedsLock();
            if (asked > left) (_since, _length) = (time.GetTimestamp(), asked);
            return left <= TimeSpan.Zero;
        }
    }

    private TimeSpan LeftNeedsLock() => _length - time.GetElapsedTime(_since);
}
