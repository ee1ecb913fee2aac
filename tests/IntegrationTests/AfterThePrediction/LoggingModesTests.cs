using System.Net;
using IntegrationTests.Infrastructure;

namespace IntegrationTests.AfterThePrediction;

/// <summary>predict.logging: what a reply promises is the model owner's choice.</summary>
[Collection<MeasuresItsProcess>]
public sealed class LoggingModesTests
{
    private const string Body = """{"user_id": 7, "x": 3}""";

    [Fact]
    public async Task Off_Predict_AnswersAndRecordsNothing()
    {
        await using var server = await StartAsync("off");

        Assert.Equal(HttpStatusCode.OK, (await server.Http.PostJsonAsync("/predict", Body)).Status);

        Assert.Equal(0, server.Log.CountPredictions());
    }

    [Fact]
    public async Task Off_PredictWithKey_IsRefusedWithTheRemedy()
    {
        await using var server = await StartAsync("off");

        var (status, body) = await server.Http.PostJsonAsync("/predict", """{"user_id": 7, "x": 3, "request_id": "k"}""");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.Contains("records nothing (predict.logging is off). Leave the key out", body.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task BestEffort_Predict_IsRecordedSoonAfter()
    {
        await using var server = await StartAsync("bestEffort");

        var (status, _) = await server.Http.PostJsonAsync("/predict", Body);

        Assert.Equal(HttpStatusCode.OK, status);
        await Eventually.TrueAsync(() => server.Log.CountPredictions() == 1);
    }

    [Fact]
    public async Task BestEffort_DatabaseFails_AnswersAndCountsTheLoss()
    {
        await using var server = await StartAsync("bestEffort");
        await server.Http.PostJsonAsync("/predict", Body);
        await Eventually.TrueAsync(() => server.Log.CountPredictions() == 1);
        using var metrics = new MeterRecord("scale");

        using (var other = server.Log.Open())
        using (other.BeginTransaction(deferred: false))
        {
            Assert.Equal(HttpStatusCode.OK, (await server.Http.PostJsonAsync("/predict", Body)).Status);
            await metrics.WaitAsync("inference.log.records.lost", outcome: null, count: 1);
        }

        Assert.Equal(1, server.Log.CountPredictions());
    }

    [Fact]
    public async Task Required_DatabaseFails_Answers503()
    {
        await using var server = await StartAsync("required");
        await server.Http.PostJsonAsync("/predict", Body);

        using var other = server.Log.Open();
        using var locking = other.BeginTransaction(deferred: false);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.Http.PostJsonAsync("/predict", Body)).Status);
    }

    private static Task<InProcessServer> StartAsync(string logging)
    {
        var directory = new TestDirectory();
        var models = directory.CopyTestModels("scale");
        TestModels.WriteManifest(models, "scale", $$"""
            {
              "predict": {
                "request":  { "x": { "type": "number", "required": true } },
                "inputs":   { "x": [ "request.x", "request.x", "request.x", "request.x" ] },
                "response": { "prediction": { "output": "y" } },
                "logging":  "{{logging}}",
                "deadline": "00:00:25"
              }
            }
            """);
        return InProcessServer.StartAsync(directory, [$"Inference:ModelRepository:Path={models}", "Inference:Sqlite:BusyTimeout=00:00:00.050"]);
    }
}
