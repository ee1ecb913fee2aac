namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>A configured webhook.</summary>
/// <param name="Name">What manifests call it.</param>
/// <param name="Address">Where messages are posted.</param>
/// <param name="Signature">What signs them; null where no secret is configured.</param>
public sealed record WebhookTarget(string Name, Uri Address, WebhookSignature? Signature);
