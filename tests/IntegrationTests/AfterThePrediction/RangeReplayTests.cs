using System.Globalization;
using System.Net;
using System.Text.Json;
using IntegrationTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using OrleansInference;

namespace IntegrationTests.AfterThePrediction;

/// <summary>POST /v1/models/{model}/replay: a time range of the log through another version, in the background.</summary>
public sealed class RangeReplayTests : IDisposable
{
    // Version n answers x + n.
    private const string Manifest =
        """
        {
          "versions": { "policy": "all", "default": 1 },
          "predict": {
            "request":  { "x": { "type": "number", "required": true } },
            "inputs":   { "x": [ "request.x" ] },
            "response": { "prediction": { "output": "y" } },
            "alerts":   [ { "when": { "field": "prediction", "above": 10 }, "to": "desk" } ],
            "deadline": "00:00:25"
          }
        }
        """;

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Replay_OtherVersion_ReportsWhatDiffersAndChangesNothing()
    {
        await using var server = await StartAsync("Inference:Replay:PageSize=7");
        await PredictAsync(server, Enumerable.Range(0, 20));
        var (predictions, messages) = (server.Log.CountPredictions(), CountMessages(server));

        var (location, begun) = await StartReplayAsync(server, """{"version": 3}""");
        var report = await WaitForEndAsync(server, location);

        Assert.Equal(("running", 20), (begun.GetProperty("state").GetString(), begun.GetProperty("total").GetInt64()));
        Assert.Equal(("completed", "3", 20L, 20L), (report.GetProperty("state").GetString(), report.GetProperty("model_version").GetString(), report.GetProperty("total").GetInt64(), report.GetProperty("done").GetInt64()));
        var found = Assert.Single(report.GetProperty("versions").EnumerateArray());
        Assert.Equal(("1", 20, 0), (found.GetProperty("model_version").GetString(), found.GetProperty("count").GetInt32(), found.GetProperty("bit_equal").GetInt32()));
        Assert.Equal(10.5, found.GetProperty("mean_recorded").GetDouble(), 9);
        Assert.Equal(12.5, found.GetProperty("mean_replayed").GetDouble(), 9);
        Assert.Equal((2.0, 2.0), (Math.Round(found.GetProperty("mean_difference").GetDouble(), 9), found.GetProperty("max_difference").GetDouble()));
        Assert.Equal(20, found.GetProperty("differences").EnumerateArray().Last().GetProperty("count").GetInt32());
        Assert.Equal(10, found.GetProperty("largest").GetArrayLength());

        // x + 1 > 10 was so for 10 of them; x + 3 > 10 is for 12.
        var rule = Assert.Single(found.GetProperty("rules").EnumerateArray());
        Assert.Equal(("alert-desk", 10, 12, 2, 0), (rule.GetProperty("rule").GetString(), rule.GetProperty("recorded").GetInt32(), rule.GetProperty("replayed").GetInt32(), rule.GetProperty("raised").GetInt32(), rule.GetProperty("dropped").GetInt32()));
        Assert.Equal((predictions, messages), (server.Log.CountPredictions(), CountMessages(server)));
    }

    [Fact]
    public async Task Replay_RecordedVersionBesideOtherRequests_IsBitEqual()
    {
        await using var server = await InProcessServer.StartPatientDemoAsync();
        for (var i = 0; i < 100; i++)
            await server.Client.PredictAsync(new PredictionRequest { UserId = $"{i}", Fields = [new("raw_feature", "3156"), new("amount", i * 3)] }, TestContext.Current.CancellationToken);
        var to = DateTimeOffset.UtcNow.AddMilliseconds(1).ToString("O", CultureInfo.InvariantCulture);

        var (location, _) = await StartReplayAsync(server, $$"""{"version": "2", "to": "{{to}}"}""", "fraud");
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i =>
            server.Client.PredictAsync(new PredictionRequest { UserId = $"beside-{i}", Fields = [new("raw_feature", "3156"), new("amount", i)] }, TestContext.Current.CancellationToken)));
        var report = await WaitForEndAsync(server, location);

        var found = Assert.Single(report.GetProperty("versions").EnumerateArray());
        Assert.Equal((100, 100, 0.0), (found.GetProperty("count").GetInt32(), found.GetProperty("bit_equal").GetInt32(), found.GetProperty("max_difference").GetDouble()));
    }

    [Fact]
    public async Task Replay_RangeAndLimit_TakesTheEarliestOfWhatWasRecordedInIt()
    {
        await using var server = await StartAsync();
        await PredictAsync(server, [100]);
        var from = DateTimeOffset.UtcNow.AddMilliseconds(2);
        await Eventually.TrueAsync(() => DateTimeOffset.UtcNow > from);
        await PredictAsync(server, Enumerable.Range(0, 10));

        var (location, _) = await StartReplayAsync(server, $$"""{"version": "2", "from": "{{from.ToString("O", CultureInfo.InvariantCulture)}}", "limit": 4}""");
        var report = await WaitForEndAsync(server, location);

        var found = Assert.Single(report.GetProperty("versions").EnumerateArray());
        Assert.Equal((4, 4, 2.5), (report.GetProperty("total").GetInt32(), found.GetProperty("count").GetInt32(), found.GetProperty("mean_recorded").GetDouble()));
    }

    [Fact]
    public async Task Replay_RecordsLackAFeature_CountsThemAsFailuresAndGoesOn()
    {
        await using var server = await StartAsync();
        var lacking = await PredictAsync(server, [1, 2, 3]);
        TestModels.WriteManifest(_directory.File("models"), "versioned", Manifest.Replace("\"x\": {", "\"z\": {", StringComparison.Ordinal).Replace("request.x", "request.z", StringComparison.Ordinal));
        await server.Client.LoadModelAsync("versioned");
        await PredictAsync(server, [4, 5], "z");

        var (location, _) = await StartReplayAsync(server, """{"version": "1"}""");
        var report = await WaitForEndAsync(server, location);

        Assert.Equal(("completed", 5, 3), (report.GetProperty("state").GetString(), report.GetProperty("done").GetInt32(), report.GetProperty("failures").GetInt32()));
        var failures = report.GetProperty("first_failures").EnumerateArray().ToArray();
        Assert.Equal(lacking, failures.Select(failure => failure.GetProperty("prediction_id").GetGuid()));
        Assert.StartsWith("request.z is an input of the model by its present manifest, and the record does not have it", failures[0].GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(2, Assert.Single(report.GetProperty("versions").EnumerateArray()).GetProperty("bit_equal").GetInt32());
    }

    [Fact]
    public async Task Replay_Cancelled_EndsWithWhatItFoundAndLetsAnotherBegin()
    {
        await using var server = await StartSlowAsync("Inference:Replay:MaxRunning=1", "Inference:Replay:PageSize=1", "Inference:Replay:Concurrency=1");
        var (location, begun) = await StartReplayAsync(server, """{"version": "1"}""", "slow");

        var (status, refused) = await server.Http.PostJsonAsync("/v1/models/slow/replay", """{"version": "1"}""");
        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        Assert.StartsWith($"As many replays run as may (Inference:Replay:MaxRunning = 1): {begun.GetProperty("replay_id").GetGuid()}.", refused.GetProperty("detail").GetString(), StringComparison.Ordinal);

        await Eventually.TrueAsync(async () => (await server.Http.GetJsonAsync(location)).GetProperty("done").GetInt64() > 0);
        using var cancelled = await server.Http.DeleteAsync(location, TestContext.Current.CancellationToken);
        var report = await Json.ReadAsync(cancelled);
        Assert.Equal((HttpStatusCode.OK, "cancelled"), (cancelled.StatusCode, report.GetProperty("state").GetString()));
        Assert.InRange(report.GetProperty("done").GetInt64(), 1, report.GetProperty("total").GetInt64() - 1);
        Assert.Equal(report.GetRawText(), (await server.Http.GetJsonAsync(location)).GetRawText());

        var (next, _) = await StartReplayAsync(server, """{"version": "1", "limit": 1}""", "slow");
        Assert.Equal("completed", (await WaitForEndAsync(server, next)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task Replay_VersionGoesMeanwhile_FailsAndSaysWhatIsServed()
    {
        await using var server = await StartSlowAsync("Inference:Replay:PageSize=1", "Inference:Replay:Concurrency=1");
        var model = Path.Combine(_directory.File("models"), "slow");
        Directory.CreateDirectory(Path.Combine(model, "2"));
        File.Copy(Path.Combine(model, "1", "model.onnx"), Path.Combine(model, "2", "model.onnx"));
        await server.Client.LoadModelAsync("slow");
        var (location, _) = await StartReplayAsync(server, """{"version": "1"}""", "slow");

        Directory.Delete(Path.Combine(model, "1"), recursive: true);
        await server.Client.LoadModelAsync("slow");
        var report = await WaitForEndAsync(server, location);

        Assert.Equal("failed", report.GetProperty("state").GetString());
        Assert.Equal("Model slow has no version '1'. It serves: 2.", report.GetProperty("fault").GetString());
    }

    [Fact]
    public async Task Replay_SiloKilledMeanwhile_GoesOnByItselfAndCountsEachOnce()
    {
        const int Records = 60;
        _directory.CopySlow();
        await using var silo = await RestartableSilo.StartAsync(_directory, "Inference:Replay:PageSize=5", "Inference:Replay:Concurrency=1", "Logging:LogLevel:OrleansInference=Information");
        for (var i = 0; i < Records; i++)
            await silo.Client.PredictAsync(new PredictionRequest { Model = "slow", UserId = "7", Fields = [new("x", i / 7.0), new("iterations", 20)] }, TestContext.Current.CancellationToken);
        var begun = await silo.Replays.StartAsync(new ReplayQuery { Model = "slow", Version = "1" });
        await Eventually.TrueAsync(async () => (await silo.Replays.GetAsync(begun.ReplayId)).Done >= 10);

        await silo.RestartAsync();

        // Without being asked for: only the log tells.
        await Eventually.TrueAsync(() => silo.Output.Contains($"Replay {begun.ReplayId} is Completed after {Records} predictions", StringComparison.Ordinal));
        var report = await silo.Replays.GetAsync(begun.ReplayId);
        var undisturbed = await RunAsync(silo.Replays, new ReplayQuery { Model = "slow", Version = "1" });
        Assert.Equal((ReplayState.Completed, Records, Records), (report.State, (int)report.Done, (int)Assert.Single(report.Versions).BitEqual));
        Assert.Equal(JsonSerializer.Serialize(undisturbed.Versions), JsonSerializer.Serialize(report.Versions));
    }

    [Fact]
    public async Task Replay_MoreThanAreKept_TheFirstReportIsGone()
    {
        await using var server = await StartAsync("Inference:Replay:Keep=1");
        var replays = server.Services.GetRequiredService<IReplayClient>();
        var query = new ReplayQuery { Model = "versioned", Version = "1" };
        var (first, second) = (await RunAsync(replays, query), await RunAsync(replays, query));

        await RunAsync(replays, query);

        Assert.Equal(InferenceErrorCode.NotFound, (await Assert.ThrowsAsync<InferenceException>(() => replays.GetAsync(first.ReplayId))).Code);
        Assert.Equal(second.ReplayId, (await replays.GetAsync(second.ReplayId)).ReplayId);
    }

    [Fact]
    public async Task Replay_UnknownVersionModelOrReplay_IsNotFoundAndTakesNoPlace()
    {
        await using var server = await StartAsync("Inference:Replay:MaxRunning=1");

        var (status, problem) = await server.Http.PostJsonAsync("/v1/models/versioned/replay", """{"version": "7"}""");
        Assert.Equal((HttpStatusCode.NotFound, "Model versioned has no version '7'. It serves: 1, 2, 3."), (status, problem.GetProperty("detail").GetString()));
        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.PostJsonAsync("/v1/models/nothing/replay", """{"version": "1"}""")).Status);

        var unknown = Guid.CreateVersion7();
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Delete })
        {
            using var request = new HttpRequestMessage(method, $"/v1/replays/{unknown}");
            using var response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal((HttpStatusCode.NotFound, $"There is no replay {unknown}. It never began, or ended before the last 100 did (Inference:Replay:Keep)."), (response.StatusCode, (await Problem.ReadAsync(response)).Detail));
        }

        await StartReplayAsync(server, """{"version": "1"}""");
    }

    [Theory]
    [InlineData("{}", "version", "is required (a version's number or label, such as \"2\")")]
    [InlineData("""{"version": 1.5}""", "version", "must be a version's number or label, such as \"2\"")]
    [InlineData("""{"version": null}""", "version", "must be a version's number or label, such as \"2\"")]
    [InlineData("""{"version": "1", "version": "2"}""", "version", "was sent twice; send it once")]
    [InlineData("""{"version": "1", "from": "yesterday"}""", "from", "must be an ISO 8601 time such as \"2026-04-01T00:00:00Z\"")]
    [InlineData("""{"version": "1", "to": 5}""", "to", "must be an ISO 8601 time such as \"2026-04-01T00:00:00Z\"")]
    [InlineData("""{"version": "1", "from": "2026-04-02T00:00:00Z", "to": "2026-04-01T00:00:00Z"}""", "to", "must be later than from")]
    [InlineData("""{"version": "1", "limit": 0}""", "limit", "must be 1 or more")]
    [InlineData("""{"version": "1", "limit": 1e99}""", "limit", "must be a whole number")]
    [InlineData("""{"version": "1", "versoin": "2"}""", "versoin", "is not a field of a replay; its fields are version, from, to and limit")]
    [InlineData("[]", "", "must be a JSON object such as {\"version\": \"2\"}")]
    public async Task Replay_FaultyBody_IsRefusedByItsField(string body, string field, string fault)
    {
        await using var server = await StartAsync();

        var (status, problem) = await server.Http.PostJsonAsync("/v1/models/versioned/replay", body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        var error = Assert.Single(problem.GetProperty("errors").EnumerateArray());
        Assert.Equal((field, fault), (error.GetProperty("field").GetString(), error.GetProperty("message").GetString()));
    }

    private async Task<InProcessServer> StartAsync(params string[] settings)
    {
        var models = _directory.CopyTestModels("versioned");
        TestModels.WriteManifest(models, "versioned", Manifest);
        return await InProcessServer.StartAsync(
            new TestDirectory(),
            [$"Inference:ModelRepository:Path={models}", "Inference:ModelRepository:PollInterval=00:00:00", "Inference:Webhooks:desk:Url=http://127.0.0.1:1/", .. settings]);
    }

    /// <summary>With predictions whose replay takes longer than the test.</summary>
    private async Task<InProcessServer> StartSlowAsync(params string[] settings)
    {
        var models = _directory.CopySlow();
        var server = await InProcessServer.StartAsync(
            new TestDirectory(), [$"Inference:ModelRepository:Path={models}", "Inference:ModelRepository:PollInterval=00:00:00", .. settings]);
        await server.Client.PredictAsync(new PredictionRequest { Model = "slow", UserId = "7", Fields = [new("x", 1), new("iterations", 20)] }, TestContext.Current.CancellationToken);
        Multiply(server.Log, 10_000);
        return server;
    }

    private static async Task<List<Guid>> PredictAsync(InProcessServer server, IEnumerable<int> numbers, string field = "x")
    {
        var ids = new List<Guid>();
        foreach (var number in numbers)
        {
            ids.Add((await server.Client.PredictAsync(new PredictionRequest { Model = "versioned", UserId = "7", Fields = [new(field, number)] }, TestContext.Current.CancellationToken)).PredictionId);
            await Eventually.NextMillisecondAsync();
        }

        return ids;
    }

    private static async Task<(string Location, JsonElement Report)> StartReplayAsync(InProcessServer server, string body, string model = "versioned")
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await server.Http.PostAsync($"/v1/models/{model}/replay", content, TestContext.Current.CancellationToken);
        var report = await Json.ReadAsync(response);
        Assert.True(response.StatusCode is HttpStatusCode.Accepted, report.ToString());
        Assert.Equal($"/v1/replays/{report.GetProperty("replay_id").GetGuid()}", response.Headers.Location!.ToString());
        return (response.Headers.Location.ToString(), report);
    }

    private static async Task<JsonElement> WaitForEndAsync(InProcessServer server, string location)
    {
        JsonElement report = default;
        await Eventually.TrueAsync(async () => (report = await server.Http.GetJsonAsync(location)).GetProperty("state").GetString() is not "running");
        return report;
    }

    private static async Task<ReplayReport> RunAsync(IReplayClient replays, ReplayQuery query)
    {
        var report = await replays.StartAsync(query);
        await Eventually.TrueAsync(async () => (report = await replays.GetAsync(report.ReplayId)).State is not ReplayState.Running);
        return report;
    }

    private static long CountMessages(InProcessServer server) => server.Log.Read("SELECT count(*) FROM outbox", row => row.GetInt64(0)).Single();

    // The one record under other ids and users.
    private static void Multiply(PredictionDatabase log, int records)
    {
        using var connection = log.Open();
        using var command = connection.CreateCommand();
        command.CommandText =
            $"""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {records - 1})
            INSERT INTO predictions (id, user, seq, model, version, variant, created_at, body)
            SELECT randomblob(16), '-!copy-' || i, 1, model, version, variant, created_at - i, body FROM predictions, n
            """;
        command.ExecuteNonQuery();
    }
}
