using System.Globalization;
using IntegrationTests.Infrastructure;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using OrleansInference;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Storage.Sql.Features;

namespace IntegrationTests.Features;

/// <summary>Queries of feature views over a real PostgreSQL.</summary>
public sealed class PostgreSqlViewTests : IAsyncLifetime
{
    private const string Grouped = "SELECT user_id, value FROM users WHERE user_id = ANY(@user_ids)";

    private readonly PostgreSqlFeatureSources _sources = new();
    private readonly CountingDatabase _database;
    private readonly Microsoft.Extensions.DependencyInjection.ServiceProvider _services =
        Microsoft.Extensions.DependencyInjection.ServiceCollectionContainerBuilderExtensions.BuildServiceProvider(
            Microsoft.Extensions.DependencyInjection.MetricsServiceExtensions.AddMetrics(new Microsoft.Extensions.DependencyInjection.ServiceCollection()));
    private readonly PostgresTestServer _postgres;
    private string _connectionString = "";

    public PostgreSqlViewTests(PostgresTestServer postgres)
    {
        _postgres = postgres;
        _database = new CountingDatabase(new PostgreSqlFeatureDatabase(_sources, TimeProvider.System));
    }

    public async ValueTask InitializeAsync() => _connectionString = await _postgres.CreateDatabaseAsync();

    public async ValueTask DisposeAsync()
    {
        await _sources.DisposeAsync();
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task Query_EveryType_IsAFeature()
    {
        var view = View(
            "SELECT 5::smallint AS a, 6::integer AS b, 7::bigint AS c, 1.5::real AS d, 2.5::double precision AS e, 3.25::numeric AS f, true AS g, "
            + "timestamptz '2026-04-01 12:00:00+00' AS h, timestamp '2026-04-01 12:00:00' AS i, date '2026-04-01' AS j, NULL::integer AS k, 'x' AS l, @user_id AS m",
            "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l:text", "m");

        var values = (await view.QueryAsync("42")).Row.Values;

        Assert.Equal([5, 6, 7, 1.5, 2.5, 3.25, 1, 1_775_044_800, 1_775_044_800, 1_775_001_600], values[..10].Select(value => value.Number));
        Assert.True(values[10].IsMissing);
        Assert.Equal(("x", 42.0), (values[11].Text, values[12].Number));
    }

    [Theory]
    [InlineData("SELECT @user_id AS other", "the query of view stored gives no column 'value'")]
    [InlineData("SELECT 'many' AS value WHERE @user_id = 42", "column 'value' of view stored gave String 'many', but is declared as Number")]
    [InlineData("SELECT 'NaN'::double precision AS value WHERE @user_id = 42", "column 'value' of view stored gave Double 'NaN', but is declared as Number")]
    [InlineData("SELECT 1e200::numeric AS value WHERE @user_id = 42", "column 'value' of view stored gave a value that cannot be read")]
    [InlineData("SELECT value FROM nowhere WHERE user_id = @user_id", "relation \"nowhere\" does not exist")]
    [InlineData("SELECT 1 AS value WHERE 'x'::text = @user_id", "set UserIdType to what the column is: Number or Text")]
    [InlineData("SELECT 1 AS value FROM pg_sleep(20) WHERE @user_id = 42", "it took longer than Timeout = 00:00:01")]
    public async Task Query_SomethingElse_SaysWhat(string sql, string message)
    {
        var view = View(sql, options => options.Timeout = TimeSpan.FromSeconds(1));

        var failure = await Assert.ThrowsAsync<InferenceException>(() => view.QueryAsync("42"));

        Assert.Equal(InferenceErrorCode.StorageUnavailable, failure.Code);
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_HundredUsersAtOnce_CostOneOrTwoRoundTrips()
    {
        await CreateAsync("bigint", "SELECT i, i / 2.0 FROM generate_series(0, 99) AS i");
        var view = View(Grouped, options => (options.GatherDelay, options.MaxKeysPerQuery) = (TimeSpan.FromSeconds(1), 99));

        var rows = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => view.QueryAsync(i.ToString(CultureInfo.InvariantCulture))));

        Assert.Equal(Enumerable.Range(0, 100).Select(i => i / 2.0), rows.Select(row => row.Row.Values[0].Number));
        Assert.InRange(_database.Queries, 1, 2);
    }

    [Fact]
    public async Task Query_PooledConnectionHasBroken_IsAskedAgain()
    {
        await CreateAsync("bigint", "VALUES (1, 1.5)");
        var view = View(Grouped);
        Assert.Equal(1.5, (await view.QueryAsync("1")).Row.Values[0].Number);

        await ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");

        Assert.Equal(1.5, (await view.QueryAsync("1")).Row.Values[0].Number);
    }

    [Fact]
    public async Task Query_TextAmongIntegers_FailsAlone()
    {
        await CreateAsync("bigint", "VALUES (1, 1.0), (2, 2.0)");
        var view = View(Grouped);
        var rows = new[] { view.QueryAsync("9"), view.QueryAsync("1"), view.QueryAsync("x"), view.QueryAsync("2"), view.QueryAsync("nul\0") };

        await Assert.ThrowsAsync<InferenceException>(() => rows[2]);

        Assert.Equal((1, 2), ((await rows[1]).Row.Values[0].Number, (await rows[3]).Row.Values[0].Number));
        Assert.False((await rows[0]).Known);
        Assert.False((await rows[4]).Known);
    }

    [Fact]
    public async Task Query_TextColumn_FindsEveryIdWhereTheViewSaysSo()
    {
        await CreateAsync("text", "VALUES ('42', 1.0), ('042', 2.0), ('é', 3.0)");
        var view = View(Grouped, options => options.UserIdType = UserIdType.Text);

        var rows = await Task.WhenAll(view.QueryAsync("42"), view.QueryAsync("042"), view.QueryAsync("é"));

        Assert.Equal([1, 2, 3], rows.Select(row => row.Row.Values[0].Number));
    }

    [Fact]
    public async Task Query_OneBadRow_FailsItsUserOnly()
    {
        await CreateAsync("bigint", "VALUES (1, 1.0), (2, 'NaN'), (3, 3.0)");
        var view = View(Grouped);
        var rows = new[] { view.QueryAsync("1"), view.QueryAsync("2"), view.QueryAsync("3") };

        Assert.Contains("'value'", (await Assert.ThrowsAsync<InferenceException>(() => rows[1])).Message, StringComparison.Ordinal);
        Assert.Equal((1, 3), ((await rows[0]).Row.Values[0].Number, (await rows[2]).Row.Values[0].Number));
    }

    [Fact]
    public async Task Query_ConnectionStringIsNone_SaysSoWithoutQuotingIt()
    {
        var view = View(Grouped, options => options.ConnectionString = "Hots=secret;Word=secret");

        var failure = await Assert.ThrowsAsync<InferenceException>(() => view.QueryAsync("1"));

        Assert.Contains("Inference:FeatureViews:stored:ConnectionString cannot be read", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_GoodAndBadQueries_AreTold()
    {
        await CreateAsync("bigint", "VALUES (1, 1.0)");
        await _database.Real.CheckAsync(View(Grouped));

        var fault = await Assert.ThrowsAsync<FeatureDatabaseException>(() => _database.Real.CheckAsync(View("SELECT user_id FROM users WHERE user_id = ANY(@user_ids)")));

        Assert.Equal("the query of view stored gives no column 'value'", fault.Message);
    }

    private Task CreateAsync(string idType, string rows) => ExecuteAsync($"CREATE TABLE users (user_id {idType} PRIMARY KEY, value double precision); INSERT INTO users {rows}");

    private async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(_connectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private FeatureView View(string sql, params string[] columns) => View(sql, options =>
    {
        options.Columns.Clear();
        foreach (var column in columns.Select(column => column.Split(':'))) options.Columns.Add(column[0], new FeatureColumnOptions { Type = column.ElementAtOrDefault(1) ?? "number" });
    });

    private FeatureView View(string sql) => View(sql, _ => { });

    private FeatureView View(string sql, Action<FeatureViewOptions> configure)
    {
        var options = new FeatureViewOptions
        {
            Provider = FeatureDatabaseProvider.PostgreSql,
            ConnectionString = _connectionString,
            Sql = sql,
            Timeout = TimeSpan.FromSeconds(15),
            Columns = { ["value"] = new FeatureColumnOptions() },
        };
        configure(options);
        var instruments = new InferenceInstruments((System.Diagnostics.Metrics.IMeterFactory)_services.GetService(typeof(System.Diagnostics.Metrics.IMeterFactory))!);
        return new FeatureView("stored", options, _database, TimeProvider.System, instruments, NullLogger<FeatureView>.Instance);
    }

    private sealed class CountingDatabase(IFeatureDatabase real) : IFeatureDatabase
    {
        private int _queries;

        public IFeatureDatabase Real => real;

        public int Queries
        {
            get => Volatile.Read(ref _queries);
            set => Volatile.Write(ref _queries, value);
        }

        public Task<IReadOnlyDictionary<string, StoredRow>> QueryAsync(FeatureView view, IReadOnlyList<string> userIds)
        {
            Interlocked.Increment(ref _queries);
            return real.QueryAsync(view, userIds);
        }

        public Task CheckAsync(FeatureView view) => real.CheckAsync(view);
    }
}
