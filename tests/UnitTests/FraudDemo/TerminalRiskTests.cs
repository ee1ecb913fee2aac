using System.Text.Json;
using FraudDemo;
using Xunit;

namespace OrleansInference.UnitTests.Demo;

public sealed class TerminalRiskTests
{
    [Theory]
    [InlineData(0, 0, 0, "low")]
    [InlineData(0, 0, 0.09, "low")]
    [InlineData(0, 0.1, 0, "elevated")]
    [InlineData(1, 0.2, 0.1, "elevated")]
    [InlineData(0, 0.5, 0.1, "high")]
    [InlineData(0, 0, 0.9, "high")]
    public void Description_FromTheShares_NamesTheLevel(double day, double week, double month, string level)
        => Assert.Equal($"terminal 3156: {level} risk", Risk(day, week, month).Description);

    [Fact]
    public void Json_OfARisk_HasThePublishedFields()
        => Assert.Equal(
            """{"terminal_id":"3156","at":"2018-05-01T10:00:00Z","count_1d":1,"risk_1d":0,"count_7d":4,"risk_7d":0.25,"""
            + "\"count_30d\":8,\"risk_30d\":0.5,\"description\":\"terminal 3156: high risk\"}",
            JsonSerializer.Serialize(Risk(0, 0.25, 0.5)));

    private static TerminalRisk Risk(double day, double week, double month) => new()
    {
        TerminalId = "3156",
        At = new(2018, 5, 1, 10, 0, 0, DateTimeKind.Utc),
        Count1d = 1,
        Risk1d = day,
        Count7d = 4,
        Risk7d = week,
        Count30d = 8,
        Risk30d = month,
    };
}
