using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.Features.External;

/// <summary>An HTTP service that gives features. Section <c>Inference:ExternalServices:{name}</c>.</summary>
public sealed class ExternalServiceOptions
{
    /// <summary>Scheme, host and port, such as <c>http://risk.internal:8080</c>; a path prefix goes before <see cref="Path"/>.</summary>
    [Required]
    public string BaseAddress { get; set; } = "";

    /// <summary>
    /// Path and query; <c>{terminal_id}</c> is replaced by the escaped request field, <c>{user_id}</c> by the user. Timestamps
    /// are written as ISO 8601 in UTC.
    /// </summary>
    [Required]
    public string Path { get; set; } = "";

    /// <summary>Longest wait for the whole answer; also at most 60 % of what is left of the caller's time. Default: 300 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Largest answer that is read, in bytes. Default: 65,536.</summary>
    [Range(1, 16 * 1024 * 1024)]
    public int MaxResponseBytes { get; set; } = 64 * 1024;

    /// <summary>The features, by name: properties of the JSON object that the service answers.</summary>
    public Dictionary<string, FeatureColumnOptions> Columns { get; set; } = [];
}
