using System.Globalization;

namespace FraudDemo;

/// <summary>Instants as callers write them: ISO 8601, UTC unless an offset is given, or whole Unix seconds.</summary>
internal static class Instant
{
    public const string Expectation
        = "an ISO 8601 time such as 2018-05-01T10:00:00Z or Unix seconds such as 1525168800 (in a URL, write + as %2B)";

    private static readonly string[] IsoFormats =
        ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    public static bool TryParse(string text, out DateTimeOffset instant)
        => TryParseUnixSeconds(text, out instant)
            || DateTimeOffset.TryParseExact(
                text,
                IsoFormats,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out instant);

    private static bool TryParseUnixSeconds(string text, out DateTimeOffset instant)
    {
        instant = default;
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)) return false;
        if (seconds < DateTimeOffset.MinValue.ToUnixTimeSeconds() || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds()) return false;
        instant = DateTimeOffset.FromUnixTimeSeconds(seconds);
        return true;
    }
}
