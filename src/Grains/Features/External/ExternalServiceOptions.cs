using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.Features.External;

/// <summary>An HTTP service that gives features. Section <c>Inference:ExternalServices:{name}</c>.</summary>
public sealed class ExternalServiceOptions : IValidatableObject
{
    // Of a very short Timeout, a share would be no time at all.
    private static readonly TimeSpan LeastShare = TimeSpan.FromMilliseconds(10);

    /// <summary>Scheme, host and port, such as <c>http://risk.internal:8080</c>; a path prefix goes before <see cref="Path"/>.</summary>
    [Required]
    public string BaseAddress { get; set; } = "";

    /// <summary>
    /// Path and query; <c>{terminal_id}</c> is replaced by the escaped request field, <c>{user_id}</c> by the user. Timestamps
    /// are written as ISO 8601 in UTC, or by a .NET format: <c>{at:yyyy-MM-dd}</c>. What comes of it is also the key under
    /// which the answer is kept.
    /// </summary>
    [Required]
    public string Path { get; set; } = "";

    /// <summary>Headers of every call. Secrets belong in environment variables or user secrets; values are never logged. Default: none.</summary>
    public Dictionary<string, string> Headers { get; set; } = [];

    /// <summary>
    /// Longest time for the whole answer, all attempts together. A prediction waits for at most 60 % of what is left of its own
    /// time. Default: 300 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMilliseconds(300);

    /// <summary>
    /// Most calls for one answer. Asked again within <see cref="Timeout"/> where the connection failed, nothing came within
    /// <see cref="AttemptTimeout"/>, or the service answered 5xx, 408 or 429 without a Retry-After. Default: 2. 1 never asks again.
    /// </summary>
    [Range(1, 10)]
    public int MaxAttempts { get; set; } = 2;

    /// <summary>
    /// Longest time for one call: then it is given up, counts as failed, and the next one begins. Default: an equal share of
    /// <see cref="Timeout"/> for each of <see cref="MaxAttempts"/>. As long as <see cref="Timeout"/>, it leaves a slow call all of the time.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan? AttemptTimeout { get; set; }

    /// <summary>Wait before the second call, doubled for each one after it, with jitter. Default: 25 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:10")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(25);

    /// <summary>The share of failed calls from which the breaker opens: the service is left alone. Default: 0.5.</summary>
    [Range(0.01, 1.0)]
    public double BreakerFailureRatio { get; set; } = 0.5;

    /// <summary>Fewest calls in the window before the breaker judges. Default: 10.</summary>
    [Range(2, 1_000_000)]
    public int BreakerMinimumCalls { get; set; } = 10;

    /// <summary>How far back calls count for the breaker. Default: 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "01:00:00")]
    public TimeSpan BreakerWindow { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an open breaker lets nothing through. Then one call tries: it closes the breaker, or opens it again. Default: 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "01:00:00")]
    public TimeSpan BreakerOpenFor { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long an answer is fresh, for all users of the silo. Default: zero, which asks for every prediction.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan Ttl { get; set; }

    /// <summary>How long after <see cref="Ttl"/> an answer is still used at once, marked stale, while a new one is fetched. Default: zero.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan StaleWhileRevalidate { get; set; }

    /// <summary>How long after <see cref="Ttl"/> an answer stands in, marked stale, when the service fails. Default: zero.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan StaleIfError { get; set; }

    /// <summary>Most answers kept; beyond it the least recently used leaves. Default: 10,000.</summary>
    [Range(1, 10_000_000)]
    public int MaxCachedAnswers { get; set; } = 10_000;

    /// <summary>What a prediction does when there is no answer and no older one may stand in. Default: the columns' defaults.</summary>
    [EnumDataType(typeof(ExternalFailurePolicy))]
    public ExternalFailurePolicy OnError { get; set; }

    /// <summary>Largest answer that is read, in bytes. Default: 65,536.</summary>
    [Range(1, 16 * 1024 * 1024)]
    public int MaxResponseBytes { get; set; } = 64 * 1024;

    /// <summary>The features, by name: properties of the JSON object that the service answers.</summary>
    public Dictionary<string, FeatureColumnOptions> Columns { get; set; } = [];

    /// <summary>How long one call may take, as long as there is time for it at all.</summary>
    internal TimeSpan EffectiveAttemptTimeout => AttemptTimeout ?? (Timeout / MaxAttempts is var share && share > LeastShare ? share : LeastShare);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (AttemptTimeout > Timeout) yield return new ValidationResult($"AttemptTimeout = {AttemptTimeout} is longer than Timeout = {Timeout}. Lower the one, or raise the other.");
    }
}

/// <summary>What a prediction does without an external service's answer.</summary>
public enum ExternalFailurePolicy
{
    /// <summary>The columns' defaults stand in, and the prediction is degraded.</summary>
    Default,

    /// <summary>The prediction fails with 503: the model must not guess without this service.</summary>
    Fail,
}
