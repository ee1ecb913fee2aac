using System.Net;
using IntegrationTests.Infrastructure;
using OrleansInference;

namespace IntegrationTests.AfterThePrediction;

/// <summary>A record whose commit outlasts its caller's time: it is still under way for the user's erasure and quiet periods.</summary>
public sealed class LateRecordTests(PostgresTestServer postgres)
{
    private const string User = "7";

    // Enough to come to the log, and less than the log then takes.
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task Delete_WhileARecordIsWrittenLate_LeavesNeitherItNorItsAlert()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var proxy = new LossyProxy(database);
        await using var server = await StartAsync(
            "Inference:Storage:Provider=PostgreSql", $"Inference:PostgreSql:ConnectionString={proxy.ConnectionString}", "Inference:PostgreSql:CommandTimeout=00:00:05");
        await PredictAsync(server, User, 1);
        proxy.Stall("INSERT INTO outbox", times: 1);
        await AssertTooLateAsync(server);
        Assert.Equal(1, proxy.Stalled);

        using var response = await server.Http.DeleteAsync($"/v1/users/{User}", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);

        // Its record comes after the late one's.
        await PredictAsync(server, "8", 1);
        Assert.Equal(0, await PostgreSqlTests.CountAsync(database, $"""SELECT count(*) FROM outbox WHERE "user" = '-!{User}'"""));
        Assert.Equal(0, await PostgreSqlTests.CountAsync(database, $"""SELECT count(*) FROM predictions WHERE "user" = '-!{User}'"""));
    }

    [Fact]
    public async Task Predict_AfterAnAlertOfWhichNobodyKnows_AsksWhetherItWasWritten()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var proxy = new LossyProxy(database);
        await using var server = await StartAsync("Inference:Storage:Provider=PostgreSql", $"Inference:PostgreSql:ConnectionString={proxy.ConnectionString}");
        await PredictAsync(server, User, 1);
        proxy.Lose("INSERT INTO outbox", times: 2);
        var failure = await Assert.ThrowsAsync<InferenceException>(() => PredictAsync(server, User, 100));
        Assert.Contains("It may have been recorded", failure.Message, StringComparison.Ordinal);

        await PredictAsync(server, User, 100);

        Assert.Equal((2, 1L), (proxy.Lost, await PostgreSqlTests.CountAsync(database, "SELECT count(*) FROM outbox")));
    }

    private static async Task AssertTooLateAsync(InProcessServer server)
    {
        var failure = await Assert.ThrowsAsync<InferenceException>(() => PredictAsync(server, User, 100, Time));
        Assert.Equal(InferenceErrorCode.DeadlineExceeded, failure.Code);
    }

    private static Task<Prediction> PredictAsync(InProcessServer server, string user, double x, TimeSpan? time = null) =>
        server.Client.PredictAsync(new PredictionRequest { UserId = user, Timeout = time, Fields = [new("x", x)] }, TestContext.Current.CancellationToken);

    private static Task<InProcessServer> StartAsync(params string[] settings)
    {
        var directory = new TestDirectory();
        var models = directory.CopyTestModels("scale");
        TestModels.WriteManifest(models, "scale", """
            {
              "predict": {
                "request":  { "x": { "type": "number", "required": true } },
                "inputs":   { "x": [ "request.x", "request.x", "request.x", "request.x" ] },
                "response": { "prediction": { "output": "y" } },
                "alerts":   [ { "when": { "field": "prediction", "above": 50 }, "to": "desk", "quiet": "01:00:00" } ],
                "deadline": "00:00:25"
              }
            }
            """);
        return InProcessServer.StartAsync(directory, [$"Inference:ModelRepository:Path={models}", "Inference:Webhooks:desk:Url=http://127.0.0.1:1/", .. settings]);
    }
}
