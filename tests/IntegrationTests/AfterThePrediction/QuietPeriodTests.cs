using System.Net;
using System.Text.Json.Nodes;
using IntegrationTests.Infrastructure;

namespace IntegrationTests.AfterThePrediction;

/// <summary>A rule with a quiet period owes a user one message, however many predictions match, and over a restart.</summary>
public sealed class QuietPeriodTests
{
    private const int Predictions = 32;

    [Fact]
    public async Task Predict_ManyAtOnceAndAfterARestart_OweOneAlertAndEveryWorkflow()
    {
        using var directory = new TestDirectory();
        await DemoData.CopyToAsync(directory.File("data"));
        var models = directory.CopyModels(Repository.Models, "fraud", "tutorial");
        GiveQuiet(Path.Combine(models, "fraud", "model.json"));
        await using (var server = await StartAsync(directory, models))
        {
            await server.Http.WarmUpAsync();
            await Task.WhenAll(Enumerable.Range(0, Predictions).Select(_ => PredictAsync(server.Http, "42")));
            await PredictAsync(server.Http, "43");
            await server.StopAsync();
        }

        await using (var server = await StartAsync(directory, models))
        {
            await PredictAsync(server.Http, "42");
            await server.StopAsync();
        }

        var log = new PredictionDatabase(directory.File("data"));
        Assert.Equal(
            ["-!42 alert 1", $"-!42 workflow {Predictions + 1}", "-!43 alert 1", "-!43 workflow 1"],
            log.Read("SELECT user || ' ' || kind || ' ' || count(*) FROM outbox GROUP BY user, kind ORDER BY 1", row => row.GetString(0)));
    }

    private static Task<ServerProcess> StartAsync(TestDirectory directory, string models) => ServerProcess.StartApiAsync(
        $"--Inference:DataDirectory={directory.File("data")}", $"--Inference:ModelRepository:Path={models}", "--Inference:Demo=true",
        "--Inference:FeatureViews:spending:History:Timeout=00:00:20", "--Inference:FeatureViews:profile:Timeout=00:00:20", "--Inference:ExternalServices:terminal_risk:Timeout=00:00:20");

    private static void GiveQuiet(string manifest)
    {
        var json = JsonNode.Parse(File.ReadAllText(manifest))!;
        json["predict"]!["deadline"] = "00:00:25";
        json["predict"]!["alerts"]![0]!["quiet"] = "01:00:00";
        File.WriteAllText(manifest, json.ToJsonString());
    }

    private static async Task PredictAsync(HttpClient http, string user)
    {
        var (status, _) = await http.PostJsonAsync("/predict", $$"""{"user_id": "{{user}}", "raw_feature": "3156", "amount": 500}""");
        Assert.Equal(HttpStatusCode.OK, status);
    }
}
