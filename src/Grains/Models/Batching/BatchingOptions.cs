namespace OrleansInference.Grains.Models.Batching;

/// <summary>How requests for one version are joined: the manifest's <c>batching</c>, defaults filled in.</summary>
public sealed record BatchingOptions
{
    /// <summary>Most rows of one run. Default: 64. 1 runs every request alone.</summary>
    public int MaxBatchSize { get; init; } = 64;

    /// <summary>How long the oldest request waits for others even while a thread is idle. Default: zero, no longer than threads are busy.</summary>
    public TimeSpan MaxQueueDelay { get; init; } = TimeSpan.Zero;

    /// <summary>Most rows that wait; further requests are rejected with 429. Default: 4,096.</summary>
    public int MaxQueueLength { get; init; } = 4096;
}
