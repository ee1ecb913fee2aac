using System.Globalization;
using OrleansInference.Grains.Features;

namespace OrleansInference.Storage.Sql.Features;

/// <summary>One value of a database as a feature: numbers of all kinds, true and false as 1 and 0, timestamps as Unix seconds, text.</summary>
internal static class FeatureCell
{
    /// <summary>The feature; null where the value is not of its type.</summary>
    public static FeatureValue? Read(object value, FeatureType type) => value switch
    {
        DBNull => FeatureValue.Missing,
        string text when type is FeatureType.Text => FeatureValue.Of(text),
        Guid id when type is FeatureType.Text => FeatureValue.Of(id.ToString()),
        _ when type is FeatureType.Number && ToNumber(value) is { } number && double.IsFinite(number) => FeatureValue.Of(number),
        _ => null,
    };

    /// <summary>An event time; null for NULL. False where the value is none.</summary>
    public static bool TryReadTime(object value, out DateTimeOffset? time)
    {
        time = value switch
        {
            string text when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var parsed) => parsed,
            _ when ToNumber(value) is >= 0 and < 253_402_300_800 and var seconds => DateTimeOffset.UnixEpoch.AddTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond)),
            _ => null,
        };
        return time is not null || value is DBNull;
    }

    private static double? ToNumber(object value) => value switch
    {
        long or int or short or byte or double or float or decimal => Convert.ToDouble(value, CultureInfo.InvariantCulture),
        bool flag => flag ? 1 : 0,
        DateTime time => ToSeconds(time.Kind is DateTimeKind.Local ? time.ToUniversalTime() : time),
        DateTimeOffset time => ToSeconds(time.UtcDateTime),
        DateOnly date => ToSeconds(date.ToDateTime(TimeOnly.MinValue)),
        _ => null,
    };

    // A timestamp without a zone is taken as UTC.
    private static double ToSeconds(DateTime utc) => (utc.Ticks - DateTime.UnixEpoch.Ticks) / (double)TimeSpan.TicksPerSecond;
}
