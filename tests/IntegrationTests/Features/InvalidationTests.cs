using IntegrationTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orleans;
using Orleans.Runtime;
using OrleansInference;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Storage.Sql.Features;

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
    public async Task Start_ValueReadBeforeItListens_IsReadAgainOnceItDoes()
    {
        var database = await CreateAsync();
        using var directory = new TestDirectory();
        await using var server = await ViewModel.StartAsync(directory, Settings(database), configure: services =>
        {
            services.Remove(services.Single(service => service.ImplementationType == typeof(PostgreSqlInvalidations)));
            services.AddSingleton<PostgreSqlInvalidations>();
        });
        Assert.Equal((1.0, "fresh"), await ReadAsync(server));

        // Before it listens, so that the word is lost.
        await ExecuteAsync(database, "UPDATE users SET value = 10; NOTIFY changes, '1'");
        Assert.Equal((1.0, "fresh"), await ReadAsync(server));

        using var listener = server.Services.GetRequiredService<PostgreSqlInvalidations>();
        await listener.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => View(server).Marks.Epoch > 0);

        Assert.Equal((10.0, "fresh"), await ReadAsync(server));
        await listener.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Notify_UserWithAPushIsNotInMemory_TheRowStandsWhenTheUserIsBack()
    {
        var database = await CreateAsync();
        using var directory = new TestDirectory();
        await using var server = await StartAsync(directory, database);
        await PushAsync(server, 70);
        Assert.Equal((70.0, "fresh"), await ReadAsync(server));

        await LeaveMemoryAsync(server);
        await ExecuteAsync(database, "UPDATE users SET value = 10; NOTIFY changes, '1'");

        Assert.Equal((10.0, "fresh"), await ReadAsync(server));
    }

    [Fact]
    public async Task Push_UserLeavesMemoryBeforeTheRowIsAsNew_StandsByItsEventTime()
    {
        var database = await CreateAsync();
        using var directory = new TestDirectory();
        await using var server = await StartAsync(directory, database, "SELECT value, updated FROM users WHERE user_id = @user_id", "EventTimeColumn=updated");
        await PushAsync(server, 70);

        await LeaveMemoryAsync(server);
        Assert.Equal((70.0, "fresh"), await ReadAsync(server));

        await LeaveMemoryAsync(server);
        await ExecuteAsync(database, "UPDATE users SET value = 10, updated = now() + interval '1 second'; NOTIFY changes, '1'");
        Assert.Equal((10.0, "fresh"), await ReadAsync(server));
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

        await LeaveMemoryAsync(server);
    }

    private static async Task<InProcessServer> StartAsync(TestDirectory directory, string database, string sql = Sql, params string[] settings)
    {
        var server = await ViewModel.StartAsync(directory, [.. Settings(database, sql), .. settings]);

        // It marks everything once it listens; no test's first reading must be older than that.
        await Eventually.TrueAsync(() => View(server).Marks.Epoch > 0);
        Assert.Equal(1, await CountListenersAsync(database));
        return server;
    }

    private static string[] Settings(string database, string sql = Sql) =>
        ["Provider=PostgreSql", $"ConnectionString={database}", $"Sql={sql}", "Ttl=1.00:00:00", "InvalidationChannel=changes"];

    private static async Task<(object? Value, string Status)> ReadAsync(InProcessServer server) => await server.PredictAsync("1") is var used ? (used.Value, used.Status) : default;

    private static Task<FeaturePushResult> PushAsync(InProcessServer server, double value) =>
        server.Client.PushFeaturesAsync("1", "stored", new FeaturePush { Values = [new RequestField("value", value)] }, TestContext.Current.CancellationToken);

    private static async Task LeaveMemoryAsync(InProcessServer server)
    {
        await server.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero, TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => View(server).Marks.Count == 0);
    }

    private static FeatureView View(InProcessServer server) => (FeatureView)server.Services.GetRequiredService<FeatureSources>().Find("stored")!;

    private static async Task<string> CreateAsync(PostgresTestServer postgres)
    {
        var database = await postgres.CreateDatabaseAsync();
        await ExecuteAsync(database, "CREATE TABLE users (user_id bigint PRIMARY KEY, value double precision, updated timestamptz DEFAULT now()); INSERT INTO users (user_id, value) VALUES (1, 1), (2, 2), (3, 3)");
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
