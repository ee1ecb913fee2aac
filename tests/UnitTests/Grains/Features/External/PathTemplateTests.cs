using Microsoft.Extensions.Time.Testing;
using OrleansInference.Grains;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.External;
using UnitTests.Fakes;

namespace UnitTests.Grains.Features.External;

public sealed class PathTemplateTests
{
    private static readonly DateTimeOffset Now = new(2026, 4, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly RequestBuilder _request = new(new FakeTimeProvider(Now));

    [Fact]
    public void Fill_Holes_TakesFieldsAndTheUser()
    {
        var path = Template("/users/{user_id}/terminals/{terminal}?x={terminal}").Fill(_request.From("7").With("terminal", "3156").Query());

        Assert.Equal("/users/7/terminals/3156?x=3156", path);
    }

    [Fact]
    public void Fill_Timestamp_IsIso8601InUtc()
    {
        var query = _request.Declare("at", DeclaredFieldType.Timestamp).Send("at", "2026-04-01T13:30:00.125+02:00").Query();

        Assert.Equal("/risk?at=2026-04-01T11%3A30%3A00.125Z", Template("/risk?at={at}").Fill(query));
    }

    [Theory]
    [InlineData("{at:yyyy-MM-dd}", "2026-04-01")]
    [InlineData("{at:yyyyMMdd'T'HH}", "20260401T11")]
    [InlineData("{at:HH:mm}", "11%3A30")]
    public void Fill_TimestampWithFormat_IsWrittenByIt(string hole, string written)
    {
        var query = _request.Declare("at", DeclaredFieldType.Timestamp).Send("at", "2026-04-01T13:30:00.125+02:00").Query();

        Assert.Equal($"/risk?at={written}", Template($"/risk?at={hole}").Fill(query));
    }

    [Theory]
    [InlineData("")]
    [InlineData("q")]
    [InlineData("'day'")]
    [InlineData("yyyy-MM-dd'")]
    public void Constructor_BadFormat_NamesTheSettingTheFormatAndTheRemedy(string format)
    {
        var fault = Assert.Throws<InferenceStartupException>(() => Template($"/risk?at={{at:{format}}}"));

        Assert.Equal($"Inference:X:Path is '/risk?at={{at:{format}}}': '{format}' is no format for timestamps. Write one of .NET such as {{at:yyyy-MM-dd}}, or {{at}} for ISO 8601.", fault.Message);
    }

    [Fact]
    public void Constructor_FormatForTheUser_IsRefused() =>
        Assert.Contains("{user_id:x} has a format", Assert.Throws<InferenceStartupException>(() => Template("/{user_id:x}")).Message, StringComparison.Ordinal);

    [Fact]
    public void FindFault_FormatForATextField_NamesBoth()
    {
        var fault = Template("/risk?at={at:yyyy-MM-dd}").FindFault(_request.Declare("at", DeclaredFieldType.Text).Contract());

        Assert.Equal("Inference:X:Path writes the field 'at' by the format 'yyyy-MM-dd', which is for timestamps. Remove the format, or declare the field as timestamp.", fault);
    }

    [Fact]
    public void FindFault_FormatForATimestamp_IsNone() =>
        Assert.Null(Template("/risk?at={at:yyyy-MM-dd}").FindFault(_request.Declare("at", DeclaredFieldType.Timestamp).Contract()));

    [Theory]
    [InlineData("/", "%2F")]
    [InlineData("?", "%3F")]
    [InlineData("#", "%23")]
    [InlineData("&", "%26")]
    [InlineData("%", "%25")]
    [InlineData("%2F", "%252F")]
    [InlineData("../", "..%2F")]
    [InlineData("\\", "%5C")]
    [InlineData("a b", "a%20b")]
    [InlineData("é", "%C3%A9")]
    public void Fill_ValueWithSyntax_IsEscaped(string value, string escaped) =>
        Assert.Equal($"/terminals/{escaped}/risk", Template("/terminals/{terminal}/risk").Fill(_request.With("terminal", value).Query()));

    [Theory]
    [InlineData("/terminals/{terminal}/risk", ".")]
    [InlineData("/terminals/{terminal}/risk", "..")]
    [InlineData("/terminals/{terminal}", "..")]
    [InlineData("/terminals/.{terminal}/risk", ".")]
    [InlineData("/terminals/{terminal}?x=1", "..")]
    public void Fill_ValueThatWouldNameAnotherFolder_IsRefused(string template, string value) =>
        Assert.Throws<HttpRequestException>(() => Template(template).Fill(_request.With("terminal", value).Query()));

    [Fact]
    public void Fill_DotsInTheQuery_AreValues() =>
        Assert.Equal("/risk?terminal=..", Template("/risk?terminal={terminal}").Fill(_request.With("terminal", "..").Query()));

    [Fact]
    public void Fields_HolesOfFields_AreNamedOnceWithoutTheUser() =>
        Assert.Equal(["terminal", "at"], Template("/{user_id}/{terminal}/{at}/{terminal}").Fields);

    [Fact]
    public void Constructor_BraceNeverClosed_NamesTheSettingAndThePlace()
    {
        var fault = Assert.Throws<InferenceStartupException>(() => Template("/a/{terminal"));

        Assert.Equal("Inference:X:Path is '/a/{terminal': the brace at 3 is never closed. Add the missing '}'.", fault.Message);
    }

    private static PathTemplate Template(string template) => new("Inference:X:Path", template);
}
