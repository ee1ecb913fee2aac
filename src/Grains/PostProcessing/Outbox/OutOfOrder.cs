namespace OrleansInference.Grains.PostProcessing.Outbox;

/// <summary>Marks the event of a message that was a dead letter: later ones of its user have gone out before it.</summary>
internal static class OutOfOrder
{
    /// <summary>The CloudEvents document with the extension attribute <c>outoforder</c>.</summary>
    public static byte[] Mark(byte[] payload)
    {
        // The document was written by us: an object without space at its start.
        var rest = payload.AsSpan(1);
        return [.. rest is [(byte)'}', ..] ? "{\"outoforder\":true"u8 : "{\"outoforder\":true,"u8, .. rest];
    }
}
