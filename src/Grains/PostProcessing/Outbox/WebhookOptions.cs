using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>Where alerts and workflow triggers go. Section <c>Inference:Webhooks:{name}</c>.</summary>
public sealed class WebhookOptions
{
    /// <summary>The address that takes a POST of a CloudEvents 1.0 JSON document.</summary>
    [Required]
    public string Url { get; set; } = "";

    /// <summary>
    /// What messages are signed with, by the Standard Webhooks scheme: <c>whsec_</c> and the key in base64, or any other text, whose
    /// UTF-8 bytes are the key. Default: null, they are not signed.
    /// </summary>
    public string? Secret { get; set; }
}
