namespace OrleansInference.Grains.Features.Transforms;

/// <summary>
/// Features of the instant asked about, in UTC: <c>calendar.is_weekend</c>, <c>is_night</c>, <c>hour</c>, <c>weekday</c>, <c>day</c>.
/// </summary>
/// <remarks>
/// The instant is the request's timestamp field, else the time of arrival. Night is hour 0 to 6, as in the fraud data set that the
/// demo follows; weekday 0 is Monday; the day is that of the month, from 1.
/// </remarks>
public sealed class CalendarTransform(TimeProvider time) : IFeatureSource
{
    public string Name => "calendar";

    public IReadOnlyList<FeatureColumn> Columns { get; } =
        [.. new[] { "is_weekend", "is_night", "hour", "weekday", "day" }.Select(name => new FeatureColumn(name, FeatureType.Number, name, FeatureValue.Of(0)))];

    public IReadOnlyList<string> RequestFields => [];

    public ValueTask<FeatureRow> ReadAsync(FeatureQuery query)
    {
        var at = query.Request.At.UtcDateTime;
        var weekday = ((int)at.DayOfWeek + 6) % 7;
        FeatureValue[] values = [Flag(weekday >= 5), Flag(at.Hour <= 6), FeatureValue.Of(at.Hour), FeatureValue.Of(weekday), FeatureValue.Of(at.Day)];
        return new(new FeatureRow(values, time.GetTimestamp()));
    }

    private static FeatureValue Flag(bool value) => FeatureValue.Of(value ? 1 : 0);
}
