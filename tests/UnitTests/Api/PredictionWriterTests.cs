using System.Text;
using Microsoft.AspNetCore.Http;
using OrleansInference;
using OrleansInference.Api.Json;

namespace UnitTests.Api;

public sealed class PredictionWriterTests
{
    [Fact]
    public async Task WriteAsync_Prediction_IsOneJsonObject()
    {
        var (contentType, json) = await WriteAsync(NewPrediction(0.25) with { Info = "terminal \"1\"", Degraded = true });

        Assert.Equal("application/json", contentType);
        Assert.Equal(
            """{"prediction":0.25,"info":"terminal \u00221\u0022","prediction_id":"0190d2a4-0000-7000-8000-000000000001","model":"fraud","model_version":"2","degraded":true}""",
            json);
    }

    [Theory]
    [InlineData(4.2f, "4.2")]
    [InlineData(0.1f, "0.1")]
    [InlineData(4.2, "4.2")]
    [InlineData(0.1 + 0.2, "0.30000000000000004")]
    [InlineData(1e300, "1E+300")]
    [InlineData(-5.0, "-5")]
    [InlineData(0.0, "0")]
    public async Task WriteAsync_Number_HasNoDigitsThatTheModelDidNotGive(double value, string expected)
    {
        var (_, json) = await WriteAsync(NewPrediction(value));

        Assert.StartsWith($$"""{"prediction":{{expected}},""", json, StringComparison.Ordinal);
    }

    private static Prediction NewPrediction(double value) => new()
    {
        PredictionId = Guid.Parse("0190d2a4-0000-7000-8000-000000000001"),
        Value = value,
        Info = "",
        Model = "fraud",
        ModelVersion = 2,
        Degraded = false,
    };

    private static async Task<(string? ContentType, string Json)> WriteAsync(Prediction prediction)
    {
        var body = new MemoryStream();
        var context = new DefaultHttpContext();
        context.Response.Body = body;

        await PredictionWriter.WriteAsync(context.Response, prediction);

        return (context.Response.ContentType, Encoding.UTF8.GetString(body.ToArray()));
    }
}
