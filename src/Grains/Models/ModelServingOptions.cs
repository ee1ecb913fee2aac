using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.Models;

/// <summary>How models are run. Section <c>Inference:Models</c>.</summary>
public sealed class ModelServingOptions
{
    /// <summary>Threads that run models. Default: one less than the cores, at least 1. At most the cores, since each computes all the time.</summary>
    [Range(1, 1024)]
    public int Threads { get; set; } = Math.Max(1, Environment.ProcessorCount - 1);

    /// <summary>Most threads that one model may hold at once. Default: one less than the threads, at least 1, so that a slow model leaves one to the others.</summary>
    [Range(1, 1024)]
    public int? MaxThreadsPerModel { get; set; }

    /// <summary>
    /// Most rows that may wait for one model version whose manifest does not say (<c>batching.maxQueueLength</c>); further requests
    /// are rejected with 429, and one of more rows than this is invalid input. Default: 4,096 rows. Range: 1 to 1,000,000.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxQueueLength { get; set; } = 4096;
}
