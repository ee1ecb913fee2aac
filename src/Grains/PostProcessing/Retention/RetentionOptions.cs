using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.PostProcessing.Retention;

/// <summary>How long records and messages are kept. Section <c>Inference:Retention</c>.</summary>
public sealed class RetentionOptions
{
    /// <summary>Age at which predictions and their outcomes go. Default: null, they are kept.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "36500.00:00:00")]
    public TimeSpan? Predictions { get; set; }

    /// <summary>Time since its delivery at which a message goes. Default: 7 days.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "36500.00:00:00")]
    public TimeSpan Delivered { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Time since its last attempt at which a dead letter goes. Default: 90 days.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "36500.00:00:00")]
    public TimeSpan DeadLetters { get; set; } = TimeSpan.FromDays(90);

    /// <summary>How often to look. Default: 1 hour.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "30.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Rows that are looked at, and at most deleted, in one transaction. Default: 500.</summary>
    [Range(1, 10_000)]
    public int BatchSize { get; set; } = 500;

    /// <summary>Pause between two batches, in which others' commits pass. Default: 20 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan Pause { get; set; } = TimeSpan.FromMilliseconds(20);
}
