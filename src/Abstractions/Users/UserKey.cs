using System.Buffers;
using System.Globalization;
using System.Text;

namespace OrleansInference;

/// <summary>The key of a user's grain: <c>{tenant}!{escaped user id}</c>.</summary>
/// <remarks>
/// Grain keys become storage keys, and Azure Tables replaces <c>/ \ # ?</c> lossily, so two users could share one row: those
/// characters, the separator, the escape itself and control characters are percent-encoded. Anything else stays readable.
/// </remarks>
public static class UserKey
{
    /// <summary>The longest user id, in UTF-16 units.</summary>
    public const int MaxLength = 128;

    private const string NoTenant = "-";

    private static readonly SearchValues<char> Escaped = SearchValues.Create(
        ['/', '\\', '#', '?', '!', '%', .. Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7F, 0x21)).Select(c => (char)c)]);

    /// <summary>Why <paramref name="userId"/> cannot be a user id; null when it can.</summary>
    public static string? Validate(string? userId)
    {
        if (string.IsNullOrEmpty(userId)) return $"must not be empty; send an integer or a string of 1 to {MaxLength} characters";
        if (userId.Length > MaxLength) return $"must have at most {MaxLength} characters, but has {userId.Length}";

        // Orleans encodes keys as UTF-8, where every lone surrogate becomes U+FFFD: two such users would be one.
        return UnicodeText.HasLoneSurrogate(userId) ? "holds half of a surrogate pair; send valid Unicode" : null;
    }

    /// <summary>The grain key of a valid user id.</summary>
    public static string FromUserId(string userId)
    {
        if (!userId.AsSpan().ContainsAny(Escaped)) return $"{NoTenant}!{userId}";

        var key = new StringBuilder($"{NoTenant}!");
        foreach (var c in userId)
        {
            if (Escaped.Contains(c)) key.Append(CultureInfo.InvariantCulture, $"%{(int)c:X2}");
            else key.Append(c);
        }

        return key.ToString();
    }

    /// <summary>The user id in a grain key made by <see cref="FromUserId"/>.</summary>
    public static string ToUserId(string grainKey)
    {
        var escaped = grainKey.AsSpan(grainKey.IndexOf('!') + 1);
        if (!escaped.Contains('%')) return escaped.ToString();

        var userId = new StringBuilder(escaped.Length);
        for (var i = 0; i < escaped.Length; i++)
        {
            if (escaped[i] != '%')
            {
                userId.Append(escaped[i]);
                continue;
            }

            userId.Append((char)byte.Parse(escaped.Slice(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            i += 2;
        }

        return userId.ToString();
    }
}
