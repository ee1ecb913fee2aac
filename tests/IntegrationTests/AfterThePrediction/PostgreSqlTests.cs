using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using IntegrationTests.Infrastructure;
using Microsoft.AspNetCore.Http;
using Npgsql;
using OrleansInference.Storage.Sql.PostgreSql;

namespace IntegrationTests.AfterThePrediction;

/// <summary>The whole program on PostgreSQL.</summary>
public sealed class PostgreSqlTests(PostgresTestServer postgres)
{
    private const string Fraud = """{"user_id": 42, "raw_feature": "3156", "amount": 500}""";

    [Fact]
    public async Task Predict_ThenRestart_KeepsThePredictionAndTheUsersOrder()
    {
        var database = await postgres.CreateDatabaseAsync();
        Guid id;
        await using (var server = await StartAsync(database))
        {
            id = (await PredictAsync(server, Fraud)).GetProperty("prediction_id").GetGuid();
        }

        await using (var server = await StartAsync(database))
        {
            Assert.Equal("42", (await server.Http.GetJsonAsync($"/v1/predictions/{id}")).GetProperty("user_id").GetString());
            await PredictAsync(server, Fraud);
            Assert.Equal(2, (await server.Client.GetUserAsync("42")).LastSequence);

            // Nothing is written beside it.
            Assert.False(File.Exists(Path.Combine(server.DataDirectory, "inference.db")));
        }
    }

    [Fact]
    public async Task Predict_ManyRepeatsOnTwoServers_AreOnePrediction()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var one = await StartAsync(database);
        await using var other = await StartAsync(database);
        const string Keyed = """{"user_id": 42, "raw_feature": "3156", "amount": 10, "request_id": "order-7"}""";

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => PredictAsync(i % 2 == 0 ? one : other, Keyed)));

        Assert.Single(answers.Select(answer => answer.GetRawText()).Distinct());
        Assert.Equal(1, await CountAsync(database, "SELECT count(*) FROM predictions"));
    }

    [Fact]
    public async Task Deliver_TwoServersOnOneDatabase_EachMessageOnceInTheUsersOrder()
    {
        const int Predictions = 60;
        var received = new ConcurrentQueue<(string User, Guid Prediction)>();
        await using var receiver = await TestHttpService.StartAsync(async context =>
        {
            using var body = await JsonDocument.ParseAsync(context.Request.Body);
            var data = body.RootElement.GetProperty("data");
            if (context.Request.Path.StartsWithSegments("/alerts")) received.Enqueue((data.GetProperty("user_id").GetString()!, data.GetProperty("prediction_id").GetGuid()));
        });
        var database = await postgres.CreateDatabaseAsync();
        string[] webhooks = [$"Inference:Webhooks:fraud-desk:Url={receiver.Address}/alerts", $"Inference:Webhooks:case-review:Url={receiver.Address}/workflows"];
        await using var one = await StartAsync(database, webhooks);
        await using var other = await StartAsync(database, webhooks);

        // Each user has one home, as in a cluster; whoever is free delivers.
        var users = new[] { "a", "b", "c", "d" };
        var asked = await Task.WhenAll(users.Select(async (user, i) =>
        {
            var ids = new List<Guid>();
            for (var n = 0; n < Predictions / users.Length; n++)
                ids.Add((await PredictAsync(i % 2 == 0 ? one : other, Fraud.Replace("42", $"\"{user}\"", StringComparison.Ordinal))).GetProperty("prediction_id").GetGuid());
            return (User: user, Ids: ids);
        }));
        await Eventually.TrueAsync(async () => await CountAsync(database, "SELECT count(*) FROM outbox WHERE state = 0") == 0);

        Assert.Equal(Predictions, received.Count);
        foreach (var (user, ids) in asked) Assert.Equal(ids, received.Where(message => message.User == user).Select(message => message.Prediction));
    }

    // Its status line has a NUL, which .NET quotes and PostgreSQL stores nowhere.
    [Fact]
    public async Task Deliver_ReceiverAnswersGarbageForAWhile_IsPutOffAndArrivesAfterwards()
    {
        var port = FreePort.Find();
        var database = await postgres.CreateDatabaseAsync();
        await using var server = await StartAsync(
            database,
            $"Inference:Webhooks:fraud-desk:Url=http://127.0.0.1:{port}/alerts",
            $"Inference:Webhooks:case-review:Url=http://127.0.0.1:{port}/workflows",
            "Inference:Outbox:RetryDelay=00:00:00.050",
            "Inference:Outbox:MaxRetryDelay=00:00:01",
            "Inference:Outbox:MaxAttempts=10000",
            "Inference:Outbox:PollInterval=00:00:00.050");
        await using (await BadReceiver.StartAsync(Badness.Garbage, port))
        {
            await PredictAsync(server, Fraud);
            await Eventually.TrueAsync(async () => await CountAsync(database, "SELECT count(*) FROM outbox WHERE attempt > 1 AND last_error LIKE '%no HTTP at all%'") == 2);
        }

        await using var good = await TestHttpService.StartAsync(_ => Task.CompletedTask, port);
        await Eventually.TrueAsync(async () => await CountAsync(database, "SELECT count(*) FROM outbox WHERE state = 1") == 2);
    }

    [Fact]
    public async Task Erase_User_IsGone()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var server = await StartAsync(database);
        await PredictAsync(server, Fraud);

        using var response = await server.Http.DeleteAsync("/v1/users/42", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(0, await CountAsync(database, "SELECT (SELECT count(*) FROM predictions) + (SELECT count(*) FROM outbox)"));
    }

    // Held back until all of them stand before the migrations, and let go together.
    [Fact]
    public async Task Start_ThreeProcessesAtOnceOnAnEmptyDatabase_MigrateOnceAndAllAnswer()
    {
        var database = await postgres.CreateDatabaseAsync();
        using var directory = new TestDirectory();
        var models = directory.CopyTestModels("scalar");
        TestModels.WriteManifest(models, "scalar", """{ "predict": { "request": { "x": { "type": "number", "required": true } }, "inputs": { "x": [ "request.x" ] }, "response": { "prediction": { "output": "y" } }, "deadline": "00:00:25" } }""");
        await using var holder = new NpgsqlConnection(database);
        await holder.OpenAsync(TestContext.Current.CancellationToken);
        await ExecuteAsync(holder, $"SELECT pg_advisory_lock({PostgreSqlMigrations.Lock})");

        var starts = Enumerable.Range(0, 3).Select(process => ServerProcess.StartApiAsync(
            $"--Inference:DataDirectory={directory.File($"data{process}")}", $"--Inference:ModelRepository:Path={models}",
            "--Inference:Storage:Provider=PostgreSql", $"--Inference:PostgreSql:ConnectionString={database}")).ToArray();
        try
        {
            await Eventually.TrueAsync(async () => await CountAsync(database, "SELECT count(DISTINCT pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_try_advisory_lock%' AND pid <> pg_backend_pid()") == 3);
            Assert.Equal(0, await CountAsync(database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"));
            await ExecuteAsync(holder, $"SELECT pg_advisory_unlock({PostgreSqlMigrations.Lock})");

            foreach (var (server, user) in (await Task.WhenAll(starts)).Zip(["a", "b", "c"]))
                Assert.Equal(HttpStatusCode.OK, (await server.Http.PostJsonAsync("/predict", $$"""{"user_id": "{{user}}", "x": 1}""")).Status);
            var scripts = typeof(PostgreSqlMigrations).Assembly.GetManifestResourceNames().Count(name => name.StartsWith(PostgreSqlMigrations.Scripts, StringComparison.Ordinal));
            Assert.Equal((scripts, scripts), ((int)await CountAsync(database, "SELECT count(*) FROM schemaversions"), (int)await CountAsync(database, "SELECT count(DISTINCT scriptname) FROM schemaversions")));
            Assert.Equal(3, await CountAsync(database, "SELECT count(*) FROM predictions"));
        }
        finally
        {
            await Record.ExceptionAsync(() => Task.WhenAll(starts));
            foreach (var start in starts.Where(start => start.IsCompletedSuccessfully)) await (await start).DisposeAsync();
        }
    }

    [Fact]
    public async Task Start_ConnectionStringMissing_IsRefusedWithTheSetting()
    {
        using var directory = new TestDirectory();

        var run = await ServerProcess.RunApiToEndAsync($"--Inference:DataDirectory={directory.File("data")}", "--Inference:Demo=false", "--Inference:Storage:Provider=PostgreSql", "--urls=http://127.0.0.1:0");

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("Inference:PostgreSql:ConnectionString", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_UnknownProvider_IsRefusedWithTheChoices()
    {
        using var directory = new TestDirectory();

        var run = await ServerProcess.RunApiToEndAsync($"--Inference:DataDirectory={directory.File("data")}", "--Inference:Demo=false", "--Inference:Storage:Provider=Oracle", "--urls=http://127.0.0.1:0");

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("Inference:Storage:Provider is 'Oracle'. Set it to one of: Sqlite, PostgreSql.", run.Errors, StringComparison.Ordinal);
    }

    internal static Task<InProcessServer> StartAsync(string database, params string[] settings) =>
        InProcessServer.StartPatientDemoAsync(["Inference:Storage:Provider=PostgreSql", $"Inference:PostgreSql:ConnectionString={database}", .. settings]);

    internal static async Task<long> CountAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<JsonElement> PredictAsync(InProcessServer server, string body)
    {
        var (status, answer) = await server.Http.PostJsonAsync("/predict", body);
        Assert.True(status is HttpStatusCode.OK, $"{(int)status} {answer}");
        return answer;
    }
}
