namespace OrleansInference.Grains.Models.Batching;

/// <summary>How long a row takes, from the latest runs.</summary>
internal sealed class ServiceRate
{
    // Before the first run: rather a little too long than a flood of retries. With fractions, since a row may take less than a tick.
    private double _ticksPerRow = TimeSpan.TicksPerMillisecond;

    public void OnRun(int rows, TimeSpan duration)
    {
        // A lost update between two threads costs one sample of an estimate.
        Volatile.Write(ref _ticksPerRow, (Volatile.Read(ref _ticksPerRow) * 7 + (double)duration.Ticks / Math.Max(rows, 1)) / 8);
    }

    /// <summary>How long so many rows take on so many threads; never nothing.</summary>
    public TimeSpan TimeFor(int rows, int threads) => TimeSpan.FromTicks(Math.Max(1, (long)(Volatile.Read(ref _ticksPerRow) * rows / threads)));
}
