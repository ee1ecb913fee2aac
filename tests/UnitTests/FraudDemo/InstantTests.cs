using System.Globalization;
using FraudDemo;
using Xunit;

namespace OrleansInference.UnitTests.Demo;

public sealed class InstantTests
{
    [Theory]
    [InlineData("2018-05-01", "2018-05-01T00:00:00Z")]
    [InlineData("2018-05-01T10:30", "2018-05-01T10:30:00Z")]
    [InlineData("2018-05-01T10:30:15", "2018-05-01T10:30:15Z")]
    [InlineData("2018-05-01T10:30:15Z", "2018-05-01T10:30:15Z")]
    [InlineData("2018-05-01T10:30:15.25Z", "2018-05-01T10:30:15.25Z")]
    [InlineData("2018-05-01T10:30:15.123456+02:00", "2018-05-01T08:30:15.123456Z")]
    [InlineData("1525168800", "2018-05-01T10:00:00Z")]
    [InlineData("-1", "1969-12-31T23:59:59Z")]
    public void TryParse_IsoTimeOrUnixSeconds_IsTheInstant(string text, string expected)
    {
        Assert.True(Instant.TryParse(text, out var instant));
        Assert.Equal(DateTimeOffset.Parse(expected, CultureInfo.InvariantCulture), instant);
    }

    [Theory]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("01/05/2018")]
    [InlineData("2018-13-01")]
    [InlineData("2018-05-01T10:30:15 02:00")]
    [InlineData("1525168800.5")]
    [InlineData("999999999999")]
    [InlineData("99999999999999999999999")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.False(Instant.TryParse(text, out _));
}
