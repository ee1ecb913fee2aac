using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.PostProcessing;

/// <summary>How repeats are recognised. Section <c>Inference:Idempotency</c>.</summary>
public sealed class IdempotencyOptions
{
    /// <summary>How long a key names its prediction; after that, the same key makes a new one. Default: 1 day.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "3650.00:00:00")]
    public TimeSpan KeyLifetime { get; set; } = TimeSpan.FromDays(1);
}
