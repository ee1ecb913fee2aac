using System.ComponentModel;
using System.Text.Json.Serialization;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>What versions have done on the silo that was asked.</summary>
internal sealed record StatisticsBody([property: JsonPropertyName("model_stats")] IReadOnlyList<VersionStatisticsBody> ModelStats);

/// <summary>What one version has done since it was loaded.</summary>
internal sealed record VersionStatisticsBody(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("version")] string Version,
    [property: JsonPropertyName("last_inference"), Description("Milliseconds since 1970; 0 for never.")] long LastInference,
    [property: JsonPropertyName("inference_count"), Description("Rows that were answered.")] long InferenceCount,
    [property: JsonPropertyName("execution_count"), Description("Runs of the model.")] long ExecutionCount,
    [property: JsonPropertyName("inference_stats")] InferenceStatisticsBody InferenceStats,
    [property: JsonPropertyName("batch_stats"), Description("The runs by their rows.")] IReadOnlyList<BatchStatisticsBody> BatchStats);

/// <summary>Where the time of requests went.</summary>
internal sealed record InferenceStatisticsBody(
    [property: JsonPropertyName("success")] DurationBody Success,
    [property: JsonPropertyName("fail")] DurationBody Fail,
    [property: JsonPropertyName("queue")] DurationBody Queue,
    [property: JsonPropertyName("compute_input")] DurationBody ComputeInput,
    [property: JsonPropertyName("compute_infer")] DurationBody ComputeInfer,
    [property: JsonPropertyName("compute_output")] DurationBody ComputeOutput,
    [property: JsonPropertyName("cache_hit")] DurationBody CacheHit,
    [property: JsonPropertyName("cache_miss")] DurationBody CacheMiss);

/// <summary>The runs of one batch size.</summary>
internal sealed record BatchStatisticsBody(
    [property: JsonPropertyName("batch_size")] int BatchSize,
    [property: JsonPropertyName("compute_input")] DurationBody ComputeInput,
    [property: JsonPropertyName("compute_infer")] DurationBody ComputeInfer,
    [property: JsonPropertyName("compute_output")] DurationBody ComputeOutput);

/// <summary>How often, and how long in all.</summary>
internal sealed record DurationBody(
    [property: JsonPropertyName("count")] long Count,
    [property: JsonPropertyName("ns"), Description("Nanoseconds in all.")] long Ns);
