using OrleansInference;

namespace UnitTests.Abstractions;

public sealed class IsoTimeTests
{
    [Theory]
    [InlineData("2026-04-01", "2026-04-01T00:00:00.0000000+00:00")]
    [InlineData("2026-04-01T12:30Z", "2026-04-01T12:30:00.0000000+00:00")]
    [InlineData("2026-04-01T12:30:15", "2026-04-01T12:30:15.0000000+00:00")]
    [InlineData("2026-04-01T12:30:15+02:00", "2026-04-01T10:30:15.0000000+00:00")]
    [InlineData("2026-04-01 12:30:15.25Z", "2026-04-01T12:30:15.2500000+00:00")]
    [InlineData("2026-04-01T12:30:15.1234567+00:00", "2026-04-01T12:30:15.1234567+00:00")]
    public void TryRead_Iso8601_IsThatInstantInUtc(string text, string instant)
    {
        Assert.True(IsoTime.TryRead(text, out var time));
        Assert.Equal(instant, time.ToString("O"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("01/04/2026")]
    [InlineData("2026/04/01")]
    [InlineData("12:00")]
    [InlineData("1 April 2026")]
    [InlineData("Wednesday")]
    [InlineData("2026-02-30")]
    public void TryRead_AnythingElse_IsNone(string? text) => Assert.False(IsoTime.TryRead(text, out _));
}
