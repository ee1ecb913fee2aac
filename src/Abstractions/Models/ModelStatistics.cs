namespace OrleansInference;

/// <summary>What one version has done on one silo since it was loaded. Durations are sums over requests, but for batches.</summary>
[GenerateSerializer, Immutable, Alias("inference.model-statistics")]
public sealed record ModelStatistics
{
    /// <summary>The model.</summary>
    [Id(0)]
    public required string Name { get; init; }

    /// <summary>The version.</summary>
    [Id(1)]
    public required int Version { get; init; }

    /// <summary>When a request was last answered; null for never.</summary>
    [Id(2)]
    public DateTimeOffset? LastInference { get; init; }

    /// <summary>Rows that were answered.</summary>
    [Id(3)]
    public long InferenceCount { get; init; }

    /// <summary>Runs of the model: fewer than requests where batching pays.</summary>
    [Id(4)]
    public long ExecutionCount { get; init; }

    /// <summary>Requests that were answered, from arrival to answer.</summary>
    [Id(5)]
    public DurationSum Success { get; init; }

    /// <summary>Requests that failed, expired or were cancelled.</summary>
    [Id(6)]
    public DurationSum Fail { get; init; }

    /// <summary>Waits for an inference thread.</summary>
    [Id(7)]
    public DurationSum Queue { get; init; }

    /// <summary>Filling of the input tensors.</summary>
    [Id(8)]
    public DurationSum ComputeInput { get; init; }

    /// <summary>The model's own runs.</summary>
    [Id(9)]
    public DurationSum ComputeInfer { get; init; }

    /// <summary>Reading of the output tensors.</summary>
    [Id(10)]
    public DurationSum ComputeOutput { get; init; }

    /// <summary>Answers from the prediction cache.</summary>
    [Id(11)]
    public DurationSum CacheHit { get; init; }

    /// <summary>Requests that the prediction cache could not answer.</summary>
    [Id(12)]
    public DurationSum CacheMiss { get; init; }

    /// <summary>The runs by their rows, ascending.</summary>
    [Id(13)]
    public IReadOnlyList<BatchStatistics> Batches { get; init; } = [];
}

/// <summary>How often something happened, and how long it took in all.</summary>
[GenerateSerializer, Immutable, Alias("inference.duration-sum")]
public readonly record struct DurationSum(
    [property: Id(0)] long Count,
    [property: Id(1)] TimeSpan Total);

/// <summary>The runs of one batch size.</summary>
[GenerateSerializer, Immutable, Alias("inference.batch-statistics")]
public sealed record BatchStatistics(
    [property: Id(0)] int BatchSize,
    [property: Id(1)] DurationSum ComputeInput,
    [property: Id(2)] DurationSum ComputeInfer,
    [property: Id(3)] DurationSum ComputeOutput);
