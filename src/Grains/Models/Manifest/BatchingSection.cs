using OrleansInference.Grains.Models.Batching;

namespace OrleansInference.Grains.Models.Manifest;

/// <summary>How requests are joined; see <see cref="BatchingOptions"/>.</summary>
public sealed record BatchingSection
{
    // A queue in front of the delay would only add to it.
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(1);

    public int? MaxBatchSize { get; init; }

    public TimeSpan? MaxQueueDelay { get; init; }

    public int? MaxQueueLength { get; init; }

    /// <summary>The options with the defaults filled in; what is out of range is a fault.</summary>
    internal static BatchingOptions ToOptions(BatchingSection? section, int maxQueueLength, ManifestFaults? faults)
    {
        var options = new BatchingOptions { MaxQueueLength = maxQueueLength };
        if (section is null) return options;
        options = options with
        {
            MaxBatchSize = section.MaxBatchSize ?? options.MaxBatchSize,
            MaxQueueDelay = section.MaxQueueDelay ?? options.MaxQueueDelay,
            MaxQueueLength = section.MaxQueueLength ?? options.MaxQueueLength,
        };
        if (options.MaxBatchSize is < 1 or > 1_000_000) faults!.Add("batching.maxBatchSize", $"{options.MaxBatchSize} is out of range. Set 1 to 1000000 rows.");
        if (options.MaxQueueDelay < TimeSpan.Zero || options.MaxQueueDelay > LongestDelay) faults!.Add("batching.maxQueueDelay", $"{options.MaxQueueDelay} is out of range. Set 00:00:00 to {LongestDelay}.");
        if (options.MaxQueueLength is < 1 or > 1_000_000) faults!.Add("batching.maxQueueLength", $"{options.MaxQueueLength} is out of range. Set 1 to 1000000 rows.");
        return options;
    }
}
