namespace OrleansInference;

/// <summary>One fault in one field of a request.</summary>
/// <param name="Field">The field as the caller named it; empty for the body as a whole.</param>
/// <param name="Message">What was wrong, and what would be right.</param>
/// <param name="Value">The value that came, as JSON text, cut after 100 characters; null when nothing came.</param>
[GenerateSerializer, Immutable, Alias("inference.field-error")]
public sealed record FieldError(
    [property: Id(0)] string Field,
    [property: Id(1)] string Message,
    [property: Id(2)] string? Value)
{
    private const int MaxQuoteLength = 100;

    /// <summary>What a message quotes of a caller's text: its first 100 characters, since it may be any length.</summary>
    public static string Quote(string text)
    {
        if (text.Length <= MaxQuoteLength) return text;

        // A surrogate pair stays whole.
        var length = char.IsHighSurrogate(text[MaxQuoteLength - 1]) ? MaxQuoteLength - 1 : MaxQuoteLength;
        return $"{text[..length]}…";
    }
}
