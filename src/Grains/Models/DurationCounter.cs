using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models;

/// <summary>Counts durations from any thread, without a lock: count and sum may differ by the one that is just added.</summary>
internal sealed class DurationCounter
{
    private long _count;
    private long _ticks;

    public DurationSum Sum => new(Interlocked.Read(ref _count), TimeSpan.FromTicks(Interlocked.Read(ref _ticks)));

    public void Add(TimeSpan duration)
    {
        Interlocked.Increment(ref _count);
        Interlocked.Add(ref _ticks, duration.Ticks);
    }
}

/// <summary>The three stages of runs.</summary>
internal sealed class StageCounters
{
    public DurationCounter Input { get; } = new();

    public DurationCounter Infer { get; } = new();

    public DurationCounter Output { get; } = new();

    public void Add(StageDurations durations)
    {
        Input.Add(durations.Input);
        Infer.Add(durations.Infer);
        Output.Add(durations.Output);
    }

    public BatchStatistics ToBatch(int rows) => new(rows, Input.Sum, Infer.Sum, Output.Sum);
}
