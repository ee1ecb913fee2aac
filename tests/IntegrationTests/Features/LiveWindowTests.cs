using System.Net;
using IntegrationTests.Infrastructure;

namespace IntegrationTests.Features;

/// <summary>Live windows through the running program: events count themselves, questions count nothing, a killed silo forgets nothing.</summary>
public sealed class LiveWindowTests(DemoServer demo)
{
    [Fact]
    public async Task Predict_EventsAndQuestions_CountEventsAlone()
    {
        var first = await CountAsync("""{"user_id": "windows-1", "raw_feature": "3156", "amount": 10}""");
        var question = await CountAsync("""{"user_id": "windows-1", "raw_feature": "3156"}""");
        var second = await CountAsync("""{"user_id": "windows-1", "raw_feature": "3156", "amount": 30}""");

        Assert.Equal([(1, 10), (1, 10), (2, 20)], [first, question, second]);
    }

    [Fact]
    public async Task Predict_RecordFalse_LeavesNoTrace()
    {
        var (status, answer) = await demo.Server.Http.PostJsonAsync("/predict?record=false", """{"user_id": "windows-2", "raw_feature": "3156", "amount": 10}""");
        var recorded = await CountAsync("""{"user_id": "windows-2", "raw_feature": "3156", "amount": 10}""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.DoesNotContain(Guid.Parse(answer.GetProperty("prediction_id").GetString()!), demo.Server.Log.ReadPredictionIds());
        Assert.Equal((1, 10), recorded);
    }

    [Fact]
    public async Task Predict_RecordNeitherTrueNorFalse_IsRefusedByName()
    {
        var (status, problem) = await demo.Server.Http.PostJsonAsync("/predict?record=maybe", """{"user_id": "windows-3", "raw_feature": "3156"}""");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.Contains("record", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Predict_SiloKilledAndStartedAgain_GoesOnCounting()
    {
        using var directory = new TestDirectory();
        await DemoData.CopyToAsync(directory.File("data"));
        for (var round = 1; round <= 3; round++)
        {
            await using var server = await ServerProcess.StartApiAsync($"--Inference:DataDirectory={directory.File("data")}");
            for (var i = 0; i < 5; i++) Assert.Equal((round - 1) * 5 + i + 1, (await PredictUntilAnsweredAsync(server.Http, "killed", $"{round}-{i}")).Count);
            await server.KillAsync();
        }
    }

    private async Task<(double Count, double Mean)> CountAsync(string body)
    {
        var (status, answer) = await demo.Server.Http.PostJsonAsync("/predict", body);
        Assert.Equal(HttpStatusCode.OK, status);
        return await ReadCountAsync(demo.Server.Http, answer.GetProperty("prediction_id").GetString()!);
    }

    // Under one key, so that asking again is no second event.
    private static async Task<(double Count, double Mean)> PredictUntilAnsweredAsync(HttpClient http, string user, string key)
    {
        while (true)
        {
            var (status, answer) = await http.PostJsonAsync("/predict", $$"""{"user_id": "{{user}}", "raw_feature": "3156", "amount": 10, "request_id": "{{key}}"}""");
            if (status is HttpStatusCode.OK) return await ReadCountAsync(http, answer.GetProperty("prediction_id").GetString()!);
        }
    }

    private static async Task<(double Count, double Mean)> ReadCountAsync(HttpClient http, string id)
    {
        var features = (await http.GetJsonAsync($"/v1/predictions/{id}")).GetProperty("features");
        return (features.GetProperty("spending.count_1d").GetProperty("value").GetDouble(), features.GetProperty("spending.mean_1d").GetProperty("value").GetDouble());
    }
}
