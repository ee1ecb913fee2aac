using Microsoft.AspNetCore.Http;
using OrleansInference;
using OrleansInference.Api.Json;

namespace UnitTests.Api;

public sealed class PredictionParametersTests
{
    [Fact]
    public void Read_Nothing_RecordsWithoutDetailsOrTimeout() => Assert.Equal(new PredictionParameters(true, false, null), Read("", null));

    [Theory]
    [InlineData("?record=false&details=true", "250", false, true, 250)]
    [InlineData("?record=true&details=false", "3600000", true, false, 3_600_000)]
    public void Read_All_AreApplied(string query, string timeout, bool record, bool details, int ms)
    {
        var request = Read(query, timeout).Apply(new PredictionRequest { UserId = "42" });

        Assert.Equal((!record, details, TimeSpan.FromMilliseconds(ms)), (request.Unrecorded, request.Details, request.Timeout));
    }

    [Fact]
    public void Read_EverythingWrong_NamesEach()
    {
        var fault = Assert.Throws<InferenceException>(() => Read("?record=no&details=1", "soon"));

        Assert.Equal(
            [
                new FieldError("record", "must be true or false", "\"no\""),
                new FieldError("details", "must be true or false", "\"1\""),
                new FieldError("X-Request-Timeout-Ms", "must be a whole number of milliseconds from 1 to 3600000", "\"soon\""),
            ],
            fault.Fields);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("1.5")]
    [InlineData("3600001")]
    [InlineData("99999999999999999999")]
    [InlineData("100, 200")]
    public void Read_TimeoutIsNone_IsRefused(string timeout) => Assert.Throws<InferenceException>(() => Read("", timeout));

    private static PredictionParameters Read(string query, string? timeout)
    {
        var request = new DefaultHttpContext().Request;
        request.QueryString = new QueryString(query);
        if (timeout is not null) request.Headers[PredictionParameters.TimeoutHeader] = timeout;
        return PredictionParameters.Read(request);
    }
}
