namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>What came of one attempt to deliver a message.</summary>
/// <param name="Failure">Why it failed, for people; null when it is delivered.</param>
/// <param name="RetryAfter">How long the receiver wants to be left alone, with this message and all others; null where it said nothing.</param>
internal readonly record struct DeliveryResult(string? Failure, TimeSpan? RetryAfter = null)
{
    public static readonly DeliveryResult Delivered;

    public bool IsDelivered => Failure is null;
}
