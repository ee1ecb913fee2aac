using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.PostProcessing.Feedback;

/// <summary>How labels become quality. Section <c>Inference:Feedback</c>.</summary>
public sealed class FeedbackOptions
{
    /// <summary>How often the metrics of quality are brought up to date, where labels came in. Default: 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Labels of a model that are held in memory to measure, the last that came. Default: 200,000.</summary>
    [Range(1, 10_000_000)]
    public int MaxLabels { get; set; } = 200_000;
}
