using System.Net;
using IntegrationTests.Infrastructure;

namespace IntegrationTests;

/// <summary>GET /v1/predictions/{id}: what was answered, and from what.</summary>
public sealed class RecordedPredictionTests(DemoServer demo)
{
    [Fact]
    public async Task Get_Recorded_IsWhatWasAnsweredAndUsed()
    {
        var (_, answer) = await demo.Server.Http.PostJsonAsync("/predict", """{"user_id": 46, "raw_feature": "3156", "amount": 12.5, "at": "2026-04-01T12:30:00Z"}""");
        var before = DateTimeOffset.UtcNow.AddMinutes(-5);
        var recorded = await demo.Server.Http.GetJsonAsync($"/v1/predictions/{answer.GetProperty("prediction_id").GetString()}");

        foreach (var property in answer.EnumerateObject()) Assert.Equal(property.Value.GetRawText(), recorded.GetProperty(property.Name).GetRawText());
        Assert.Equal("46", recorded.GetProperty("user_id").GetString());
        Assert.True(recorded.GetProperty("created_at").GetDateTimeOffset() > before);
        var features = recorded.GetProperty("features");
        Assert.Equal(12.5, features.GetProperty("request.amount").GetProperty("value").GetDouble());
        Assert.Equal("3156", features.GetProperty("request.terminal_id").GetProperty("value").GetString());
        Assert.Equal("fresh", features.GetProperty("spending.count_1d").GetProperty("status").GetString());
        Assert.True(features.GetProperty("spending.count_1d").GetProperty("age_seconds").GetDouble() >= 0);
    }

    [Theory]
    [InlineData("01890a5d-ac96-774b-bcce-b302099a8057", HttpStatusCode.NotFound, "There is no prediction 01890a5d-ac96-774b-bcce-b302099a8057.")]
    [InlineData("7", HttpStatusCode.UnprocessableEntity, "prediction_id must be a UUID")]
    public async Task Get_UnknownId_IsRefused(string id, HttpStatusCode status, string told)
    {
        using var response = await demo.Server.Http.GetAsync($"/v1/predictions/{id}", TestContext.Current.CancellationToken);

        var problem = await Problem.ReadAsync(response);
        Assert.Equal(status, problem.Status);
        Assert.StartsWith(told, problem.Detail, StringComparison.Ordinal);
    }
}
