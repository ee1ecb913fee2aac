using IntegrationTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orleans;
using Orleans.Runtime;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;

namespace IntegrationTests.Features;

/// <summary>PostgreSQL says that a row has changed.</summary>
public sealed class InvalidationTests(PostgresTestServer postgres)
{
    private const string Sql = "SELECT value FROM users WHERE user_id = @user_id";

    [Fact]
    public async Task Notify_CachedUser_NextPredictionReadsAgain()
    {
        var database = await CreateAsync();
        using var directory = new TestDirectory();
        await using var server = await StartAsync(directory, database);
        Assert.Equal(1.0, (await server.PredictAsync("1")).Value);
        await ExecuteAsync(database, "UPDATE users SET value = 10");
        Assert.Equal(1.0, (await server.PredictAsync("1")).Value);

        await ExecuteAsync(database, "NOTIFY changes, '1'");

        await Eventually.TrueAsync(async () => (await server.PredictAsync("1")).Value is 10.0);
    }

    [Fact]
    public async Task Notify_AnotherUserOrNobody_LeavesTheOthersOrNone()
    {
        var database = await CreateAsync();
        using var directory = new TestDirectory();
        await using var server = await StartAsync(directory, database);
        foreach (var user in new[] { "1", "2" }) await server.PredictAsync(user);
        await ExecuteAsync(database, "UPDATE users SET value = value * 10");

        // In order on one connection: when the second has arrived, the first has too.
        await ExecuteAsync(database, "NOTIFY changes, '3'");
        await ExecuteAsync(database, "NOTIFY changes, '2'");
        await Eventually.TrueAsync(async () => (await server.PredictAsync("2")).Value is 20.0);
        Assert.Equal(1.0, (await server.PredictAsync("1")).Value);

        await ExecuteAsync(database, "NOTIFY changes");
        await Eventually.TrueAsync(async () => (await server.PredictAsync("1")).Value is 10.0);
    }

    [Fact]
    public async Task Notify_LostWithItsConnection_EverythingIsReadAgainAfterwards()
    {
        var database = await CreateAsync();
        using var directory = new TestDirectory();
        await using var server = await StartAsync(directory, database);
        await server.PredictAsync("1");

        // In one transaction, so that the listener is gone when it is told.
        await ExecuteAsync(database, "UPDATE users SET value = 10; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database(); NOTIFY changes, '1'");

        await Eventually.TrueAsync(async () => (await server.PredictAsync("1")).Value is 10.0);
        await ExecuteAsync(database, "UPDATE users SET value = 11");
        await ExecuteAsync(database, "NOTIFY changes, '1'");
        await Eventually.TrueAsync(async () => (await server.PredictAsync("1")).Value is 11.0);
    }

    [Fact]
    public async Task Register_UserIsErasedOrLeavesMemory_KeepsNobody()
    {
        var database = await CreateAsync();
        using var directory = new TestDirectory();
        await using var server = await StartAsync(directory, database);
        foreach (var user in new[] { "1", "2", "3" }) await server.PredictAsync(user);
        Assert.Equal(3, View(server).Marks.Count);

        await server.Client.EraseUserAsync("3", TestContext.Current.CancellationToken);
        Assert.Equal(2, View(server).Marks.Count);

        await server.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero, TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => View(server).Marks.Count == 0);
    }

    private static async Task<InProcessServer> StartAsync(TestDirectory directory, string database)
    {
        var server = await ViewModel.StartOnPostgreSqlAsync(directory, database, Sql, "Ttl=1.00:00:00", "InvalidationChannel=changes");

        // It marks everything once it listens; no test's first reading must be older than that.
        await Eventually.TrueAsync(() => View(server).Marks.Register("probe", isNamed: false).Current > 0);
        Assert.Equal(1, await CountListenersAsync(database));
        return server;
    }

    private static FeatureView View(InProcessServer server) => (FeatureView)server.Services.GetRequiredService<FeatureSources>().Find("stored")!;

    private static async Task<string> CreateAsync(PostgresTestServer postgres)
    {
        var database = await postgres.CreateDatabaseAsync();
        await ExecuteAsync(database, "CREATE TABLE users (user_id bigint PRIMARY KEY, value double precision); INSERT INTO users VALUES (1, 1), (2, 2), (3, 3)");
        return database;
    }

    private Task<string> CreateAsync() => CreateAsync(postgres);

    private static async Task<long> CountListenersAsync(string database)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()");
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    private static async Task ExecuteAsync(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
