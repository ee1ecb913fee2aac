namespace OrleansInference.Grains.Features.Windows;

/// <summary>A user's events as they lie in memory, oldest first.</summary>
/// <param name="events">Those that are kept one by one.</param>
/// <param name="buckets">What was folded; may overlap in time with events that came late.</param>
/// <param name="forgottenThrough">Ticks of the newest event that is not kept any more.</param>
internal readonly ref struct EventSpan(in PackedEvents events, ReadOnlySpan<EventBucket> buckets, long forgottenThrough)
{
    public readonly PackedEvents Events = events;

    public ReadOnlySpan<EventBucket> Buckets { get; } = buckets;

    public long ForgottenThrough { get; } = forgottenThrough;

    /// <summary>How many events are not after an instant.</summary>
    public int CountThrough(long ticks)
    {
        var count = Events.Count;
        while (count > 0 && Events.TimeAt(count - 1) > ticks) count--;
        return count;
    }
}
