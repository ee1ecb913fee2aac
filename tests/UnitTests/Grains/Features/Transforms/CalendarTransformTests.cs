using Microsoft.Extensions.Time.Testing;
using OrleansInference.Grains.Features.Transforms;
using UnitTests.Fakes;

namespace UnitTests.Grains.Features.Transforms;

public sealed class CalendarTransformTests
{
    // 2026-04-03 is a Friday.
    [Theory]
    [InlineData("2026-04-03T23:59:59Z", 0, 0, 23, 4)]
    [InlineData("2026-04-04T00:00:00Z", 1, 1, 0, 5)]
    [InlineData("2026-04-05T06:59:59Z", 1, 1, 6, 6)]
    [InlineData("2026-04-06T07:00:00Z", 0, 0, 7, 0)]
    [InlineData("2026-04-06T01:00:00+02:00", 1, 0, 23, 6)]
    public async Task ReadAsync_Instant_IsSeenInUtc(string at, double weekend, double night, double hour, double weekday)
    {
        var time = new FakeTimeProvider(DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture));

        var row = await new CalendarTransform(time).ReadAsync(new RequestBuilder(time).Query());

        Assert.Equal([weekend, night, hour, weekday], row.Values.Select(value => value.Number));
    }

    [Fact]
    public void Columns_Always_AreTheFourFeatures() =>
        Assert.Equal(["is_weekend", "is_night", "hour", "weekday"], new CalendarTransform(TimeProvider.System).Columns.Select(column => column.Name));
}
