namespace OrleansInference.Grains.Features.Windows;

/// <summary>A user's events as they lie in memory, oldest first.</summary>
/// <param name="times">UTC ticks.</param>
/// <param name="values">The fields of each event, one event after the other.</param>
/// <param name="buckets">What was folded; may overlap in time with events that came late.</param>
/// <param name="forgottenThrough">Ticks of the newest event that is not kept any more.</param>
internal readonly ref struct EventSpan(ReadOnlySpan<long> times, ReadOnlySpan<double> values, ReadOnlySpan<EventBucket> buckets, long forgottenThrough)
{
    public ReadOnlySpan<long> Times { get; } = times;

    public ReadOnlySpan<double> Values { get; } = values;

    public ReadOnlySpan<EventBucket> Buckets { get; } = buckets;

    public long ForgottenThrough { get; } = forgottenThrough;

    /// <summary>How many events are not after an instant.</summary>
    public int CountThrough(long ticks)
    {
        var count = Times.Length;
        while (count > 0 && Times[count - 1] > ticks) count--;
        return count;
    }
}
