namespace OrleansInference;

/// <summary>Tells text from what a .NET string can hold besides.</summary>
internal static class UnicodeText
{
    /// <summary>Whether a half of a surrogate pair stands alone, which no storage or wire would keep.</summary>
    public static bool HasLoneSurrogate(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1])) return true;
            i++;
        }

        return false;
    }
}
