using OrleansInference;

namespace UnitTests.Abstractions;

public sealed class RequestValueTests
{
    public static TheoryData<RequestValue, string?> Displays => new()
    {
        { default, null },
        { "3156", "\"3156\"" },
        { "Анна \"1\"\n", """
            "Анна \"1\"\n"
            """ },
        { 12.5, "12.5" },
        { true, "true" },
        { false, "false" },
        { new DateTimeOffset(2026, 4, 1, 12, 30, 0, TimeSpan.Zero), "\"2026-04-01T12:30:00.0000000+00:00\"" },
        { RequestValue.Infinite("-1e999"), "-1e999" },
        { RequestValue.Unsupported("[1]"), "[1]" },
        { new string('x', 200), $"\"{new string('x', 99)}…" },
    };

    [Theory]
    [MemberData(nameof(Displays))]
    public void ToDisplay_Value_IsItsJson(RequestValue value, string? expected) => Assert.Equal(expected, value.ToDisplay());

    [Fact]
    public void Text_LoneSurrogate_IsUnsupported()
    {
        RequestValue value = "x\uD800";

        Assert.Equal(RequestValueKind.Unsupported, value.Kind);
        Assert.Equal("\"x\\uFFFD\"", value.ToDisplay());
    }

    [Fact]
    public void Text_Null_IsNotSent()
    {
        RequestValue value = (string?)null;

        Assert.Equal(RequestValueKind.Null, value.Kind);
    }
}
