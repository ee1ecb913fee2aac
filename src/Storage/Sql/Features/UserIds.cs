using System.Globalization;
using OrleansInference.Grains.Features.Views;

namespace OrleansInference.Storage.Sql.Features;

/// <summary>User ids as a database knows them.</summary>
internal static class UserIds
{
    /// <summary>The ids that are integers to the database, and those that are text. What cannot be what the view says is neither.</summary>
    public static (IReadOnlyList<long> Numbers, IReadOnlyList<string> Texts) Split(IReadOnlyList<string> userIds, UserIdType type)
    {
        if (type is UserIdType.Text) return ([], userIds);
        var numbers = new List<long>();
        var texts = new List<string>();
        foreach (var userId in userIds)
        {
            if (ToNumber(userId) is { } number) numbers.Add(number);
            else if (type is UserIdType.ById) texts.Add(userId);
        }

        return (numbers, texts);
    }

    /// <summary>One id as a parameter; null where it cannot be what the view says.</summary>
    public static object? ToParameter(string userId, UserIdType type)
    {
        if (type is not UserIdType.Text && ToNumber(userId) is { } number) return number;
        return type is UserIdType.Number ? null : userId;
    }

    /// <summary>The id in a row, as callers name the user; null where it is neither integer nor text.</summary>
    public static string? FromStored(object value) => value switch
    {
        string text => text,
        long or int or short => ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture),
        decimal number => number.ToString("0.############################", CultureInfo.InvariantCulture),
        Guid id => id.ToString(),
        _ => null,
    };

    // "042" is another user than 42: only the canonical form of an integer may compare as one.
    public static long? ToNumber(string userId) =>
        long.TryParse(userId, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        && number.ToString(CultureInfo.InvariantCulture) == userId ? number : null;
}
