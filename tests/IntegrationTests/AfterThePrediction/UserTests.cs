using IntegrationTests.Infrastructure;
using OrleansInference;

namespace IntegrationTests.AfterThePrediction;

/// <summary>GET /v1/users/{id}: the user's features with ages, variant and last predictions.</summary>
public sealed class UserTests(PrivateDemoServer demo) : IClassFixture<PrivateDemoServer>
{
    [Fact]
    public async Task Get_UserWithPredictions_ShowsFeaturesVariantsAndTheLastTen()
    {
        var ids = new List<Guid>();
        for (var i = 0; i < 12; i++) ids.Add((await PredictAsync("42", i)).PredictionId);

        var user = await demo.Server.Http.GetJsonAsync("/v1/users/42");

        Assert.Equal(12, user.GetProperty("last_sequence").GetInt64());
        Assert.True(user.GetProperty("features").GetProperty("spending").GetProperty("age_seconds").GetDouble() >= 0);
        var last = user.GetProperty("last_predictions").EnumerateArray().ToArray();
        Assert.Equal(Enumerable.Reverse(ids).Take(10), last.Select(prediction => prediction.GetProperty("prediction_id").GetGuid()));
        Assert.Equal(12, last[0].GetProperty("sequence").GetInt64());
        Assert.Equal("default", last[0].GetProperty("variant").GetString());
        var shown = user.GetProperty("variants").EnumerateArray().Select(variant => $"{variant.GetProperty("model")} {variant.GetProperty("model_version")} {variant.GetProperty("variant")}");
        Assert.Equal(["fraud 2 default", "tutorial 1 default"], shown);
    }

    [Fact]
    public async Task Get_UserNobodyAskedAbout_HasNeitherFeaturesNorPredictions()
    {
        var user = await demo.Server.Http.GetJsonAsync("/v1/users/unheard-of");

        Assert.Empty(user.GetProperty("features").EnumerateObject());
        Assert.Empty(user.GetProperty("last_predictions").EnumerateArray());
    }

    [Fact]
    public async Task Get_Prediction_GivesEverythingAsUsed()
    {
        var prediction = await PredictAsync("43", amount: 30);

        var recorded = await demo.Server.Http.GetJsonAsync($"/v1/predictions/{prediction.PredictionId}");

        Assert.Equal("default", recorded.GetProperty("variant").GetString());
        var times = recorded.GetProperty("times");
        Assert.Equal(new DateTime(2026, 4, 1, 12, 30, 0, DateTimeKind.Utc), times.GetProperty("at").GetDateTime());

        // Whole ticks where they are kept; a sum of seconds in doubles may be off in the last place.
        Assert.InRange(times.GetProperty("features_seconds").GetDouble() + times.GetProperty("inference_seconds").GetDouble(), 0, times.GetProperty("total_seconds").GetDouble() + 1e-9);
        var output = recorded.GetProperty("outputs").EnumerateArray().Single(one => one.GetProperty("name").GetString() == "probability");
        Assert.Equal(prediction.Value, output.GetProperty("data")[1].GetDouble(), 6);
    }

    private Task<Prediction> PredictAsync(string user, int amount) => demo.Server.Client.PredictAsync(
        new PredictionRequest { UserId = user, Fields = [new("raw_feature", "3156"), new("amount", amount), new("at", "2026-04-01T12:30:00Z")] }, TestContext.Current.CancellationToken);
}
