namespace OrleansInference;

/// <summary>What an idempotency key may be.</summary>
public static class IdempotencyKey
{
    /// <summary>The longest key, in UTF-16 units.</summary>
    public const int MaxLength = 255;

    /// <summary>Why <paramref name="key"/> cannot be a key; null when it can.</summary>
    public static string? Validate(string key)
    {
        if (key.Length is 0 or > MaxLength) return $"must have 1 to {MaxLength} characters, but has {key.Length}";
        return UnicodeText.HasLoneSurrogate(key) || key.Contains('\0') ? "must be a string of valid Unicode without NUL" : null;
    }
}
