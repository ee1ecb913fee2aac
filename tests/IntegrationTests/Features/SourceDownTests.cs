using System.Diagnostics;
using IntegrationTests.Infrastructure;
using Microsoft.Data.Sqlite;
using Npgsql;
using OrleansInference;

namespace IntegrationTests.Features;

/// <summary>The database of a view is gone: old values within their window, then what the view says; the deadline holds.</summary>
public sealed class SourceDownTests
{
    private const string Sql = "SELECT value FROM users WHERE user_id = @user_id";

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task Predict_SqliteFileMovedAway_IsStaleThenDefaultAndRecovers()
    {
        using var directory = new TestDirectory();
        var file = directory.File("features.db");
        Create(file);
        await using var server = await ViewModel.StartAsync(directory, [$"ConnectionString=Data Source={file}", $"Sql={Sql}", "OnError=Default", .. ShortLived]);
        Assert.Equal((1.0, "fresh"), await UseAsync(server));

        File.Move(file, $"{file}.away");

        await AssertStaleThenAsync(server, (-1.0, "default"));
        Assert.True((await server.Client.PredictAsync(new PredictionRequest { UserId = "1" }, TestContext.Current.CancellationToken)).Degraded);
        File.Move($"{file}.away", file);
        Assert.Equal((1.0, "fresh"), await UseAsync(server));
    }

    [Fact]
    public async Task Predict_PostgreSqlStopped_IsStaleThenFailsAndRecovers()
    {
        await using var postgres = await PostgresServer.StartNewAsync();
        var database = await postgres.CreateDatabaseAsync();
        await using (var source = NpgsqlDataSource.Create(database))
        await using (var command = source.CreateCommand("CREATE TABLE users (user_id bigint PRIMARY KEY, value double precision); INSERT INTO users VALUES (1, 1)"))
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        using var directory = new TestDirectory();
        await using var server = await ViewModel.StartOnPostgreSqlAsync(directory, database, Sql, ShortLived);
        Assert.Equal((1.0, "fresh"), await UseAsync(server));

        await postgres.StopAsync();

        await AssertStaleThenAsync(server, null);
        var failure = await Assert.ThrowsAsync<InferenceException>(() => UseAsync(server));
        Assert.Equal(InferenceErrorCode.StorageUnavailable, failure.Code);
        Assert.DoesNotContain(PostgresServer.Secret, failure.Message, StringComparison.Ordinal);
        await postgres.StartAsync();
        await Eventually.TrueAsync(async () => await TryUseAsync(server) is (1.0, "fresh"));
    }

    [Fact]
    public async Task Predict_DatabaseIsSilent_AnswersWithinTheDeadline()
    {
        using var directory = new TestDirectory();
        var file = directory.File("features.db");
        Create(file);
        var slow = SlowSql.Lasting(TimeSpan.FromSeconds(10));
        await using var server = await ViewModel.StartAsync(directory, [$"ConnectionString=Data Source={file}", $"Sql={slow}", "OnError=Default"], deadline: "00:00:02");

        var startedAt = Stopwatch.GetTimestamp();
        var used = await UseAsync(server);

        Assert.Equal((-1.0, "default"), used);
        Assert.True(Stopwatch.GetElapsedTime(startedAt) < TimeSpan.FromSeconds(2), $"took {Stopwatch.GetElapsedTime(startedAt)}");
    }

    [Fact]
    public async Task Start_DatabaseIsNotThere_StartsAndSaysWhatToDo()
    {
        using var directory = new TestDirectory();
        await using var server = await ViewModel.StartOnPostgreSqlAsync(directory, $"Host=127.0.0.1;Port={FreePort.Find()};Database=x;Username=x;Password=x;Timeout=1", Sql, "InvalidationChannel=changes");

        var failure = await Assert.ThrowsAsync<InferenceException>(() => UseAsync(server));

        Assert.Contains("The database of feature view stored did not answer", failure.Message, StringComparison.Ordinal);
    }

    private static string[] ShortLived => ["Ttl=00:00:00.200", $"StaleIfError={Window}"];

    // Stale for as long as the window lasts, and not longer; what comes after it is the policy's.
    private static async Task AssertStaleThenAsync(InProcessServer server, (object? Value, string Status)? after)
    {
        var seen = new List<(object? Value, string Status)?>();
        await Eventually.TrueAsync(async () =>
        {
            seen.Add(await TryUseAsync(server));
            return Equals(seen[^1], after);
        });

        Assert.Contains((1.0, "stale"), seen);
        Assert.All(seen, use => Assert.Contains(use, new[] { (1.0, "fresh"), (1.0, "stale"), after }));
        Assert.All(seen.SkipWhile(use => use is (_, "fresh")), use => Assert.NotEqual((1.0, "fresh"), use));
    }

    private static async Task<(object? Value, string Status)?> TryUseAsync(InProcessServer server)
    {
        try
        {
            return await UseAsync(server);
        }
        catch (InferenceException e) when (e.Code is InferenceErrorCode.StorageUnavailable)
        {
            return null;
        }
    }

    private static async Task<(object? Value, string Status)> UseAsync(InProcessServer server) => await server.PredictAsync("1") is var used ? (used.Value, used.Status) : default;

    private static void Create(string file)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "CREATE TABLE users (user_id INTEGER PRIMARY KEY, value REAL); INSERT INTO users VALUES (1, 1)";
        command.ExecuteNonQuery();
    }
}
