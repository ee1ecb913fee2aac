using Microsoft.Extensions.Time.Testing;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Transforms;
using UnitTests.Fakes;

namespace UnitTests.Grains.Features.Transforms;

public sealed class CalendarTransformTests
{
    // 2026-04-03 is a Friday.
    [Theory]
    [InlineData("2026-04-03T23:59:59Z", 0, 0, 23, 4, 3)]
    [InlineData("2026-04-04T00:00:00Z", 1, 1, 0, 5, 4)]
    [InlineData("2026-04-05T06:59:59Z", 1, 1, 6, 6, 5)]
    [InlineData("2026-04-06T07:00:00Z", 0, 0, 7, 0, 6)]
    [InlineData("2026-04-06T01:00:00+02:00", 1, 0, 23, 6, 5)]
    public async Task ReadAsync_Instant_IsSeenInUtc(string at, double weekend, double night, double hour, double weekday, double day)
    {
        var time = new FakeTimeProvider(DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture));

        var row = await new CalendarTransform(time).ReadAsync(new RequestBuilder(time).Query());

        Assert.Equal([weekend, night, hour, weekday, day], row.Values.Select(value => value.Number));
    }

    [Fact]
    public async Task ReadAsync_RequestNamesTheInstant_IsOfThatInstant()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 4, 3, 12, 0, 0, TimeSpan.Zero));
        var query = new RequestBuilder(time).Declare("at", DeclaredFieldType.Timestamp).Send("at", "2026-03-31T05:00:00Z").Query();

        Assert.Equal([0, 1, 5, 1, 31], (await new CalendarTransform(time).ReadAsync(query)).Values.Select(value => value.Number));
    }

    [Fact]
    public void Columns_Always_AreTheFiveFeatures() =>
        Assert.Equal(["is_weekend", "is_night", "hour", "weekday", "day"], new CalendarTransform(TimeProvider.System).Columns.Select(column => column.Name));
}
