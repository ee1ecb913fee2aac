using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.PostProcessing;

/// <summary>Where alerts and workflow triggers go. Section <c>Inference:Webhooks:{name}</c>.</summary>
public sealed class WebhookOptions
{
    /// <summary>The address that takes a POST of a CloudEvents 1.0 JSON document.</summary>
    [Required]
    public string Url { get; set; } = "";
}
