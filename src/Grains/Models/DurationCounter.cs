namespace OrleansInference.Grains.Models;

/// <summary>Counts something that takes time, from any thread.</summary>
internal sealed class DurationCounter
{
    private long _count;
    private long _ticks;

    /// <summary>What has been counted; a count that is under way may be in one of the two numbers only.</summary>
    public DurationSum Sum => new(Interlocked.Read(ref _count), TimeSpan.FromTicks(Interlocked.Read(ref _ticks)));

    public void Add(TimeSpan duration)
    {
        Interlocked.Increment(ref _count);
        Interlocked.Add(ref _ticks, duration.Ticks);
    }
}
