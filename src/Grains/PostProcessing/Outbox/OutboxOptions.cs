using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>How messages are delivered. Section <c>Inference:Outbox</c>.</summary>
public sealed class OutboxOptions : IValidatableObject
{
    /// <summary>Longest wait for a receiver's answer. Default: 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:05:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Wait after the first failed attempt; it doubles with each further one, and chance takes up to half of it away, so that what
    /// failed together does not come back together. Default: 1 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait between two attempts, also where the receiver asks for a longer one. Default: 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Attempts before a message is a dead letter. Default: 20, about 12 minutes.</summary>
    [Range(1, 10_000)]
    public int MaxAttempts { get; set; } = 20;

    /// <summary>Messages under way at once to one target. Default: 16.</summary>
    [Range(1, 1_000)]
    public int MaxConcurrency { get; set; } = 16;

    /// <summary>How often to look for messages whose wait is over. Default: 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// How much longer than <see cref="Timeout"/> a message stays leased to the silo that delivers it: time to write down what came
    /// of it, and for clocks that differ. So long a message waits whose silo was killed. Default: 30 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan LeaseMargin { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a stopping program waits for deliveries under way before it breaks them off. Default: 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a claim holds.</summary>
    internal TimeSpan Lease => Timeout + LeaseMargin;

    /// <summary>What no single setting shows.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (RetryDelay > MaxRetryDelay)
            yield return new ValidationResult($"RetryDelay = {RetryDelay} is longer than MaxRetryDelay = {MaxRetryDelay}. Lower the one, or raise the other.");
    }
}
