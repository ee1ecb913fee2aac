using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansInference;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Storage.Sql.Features;
using UnitTests.Fakes;

namespace UnitTests.Storage;

/// <summary>One query of SQLite for many users.</summary>
public sealed class GroupedSqliteFeaturesTests : IAsyncDisposable
{
    private const string Sql = "SELECT user_id, value, updated FROM users WHERE user_id IN (SELECT value FROM json_each(@user_ids))";

    private readonly StorageBuilder _storage = new();
    private readonly RecordedMetrics _metrics = new();

    public async ValueTask DisposeAsync()
    {
        await _storage.DisposeAsync();
        _metrics.Dispose();
    }

    [Fact]
    public async Task QueryAsync_HundredUsersAtOnce_CostOneOrTwoRoundTrips()
    {
        var view = await StartAsync(
            "INTEGER", "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99) INSERT INTO users SELECT i, i / 2.0, NULL FROM n",
            configure: options => (options.GatherDelay, options.MaxKeysPerQuery) = (TimeSpan.FromSeconds(1), 99));

        var rows = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => view.QueryAsync(i.ToString(CultureInfo.InvariantCulture))));

        Assert.Equal(Enumerable.Range(0, 100).Select(i => i / 2.0), rows.Select(row => row.Row.Values[0].Number));
        Assert.InRange(_metrics.Values("inference.features.queries").Length, 1, 2);
        Assert.Equal(100, _metrics.Values("inference.features.keys").Sum());
    }

    [Fact]
    public async Task QueryAsync_IdsOfBothKinds_FindTheirOwnRows()
    {
        var view = await StartAsync("", "INSERT INTO users VALUES (42, 1, NULL), ('042', 2, NULL), ('a''b', 3, NULL), (9223372036854775807, 4, NULL)");

        Assert.Equal([1, 2, 3, 4, null], await ReadAsync(view, "42", "042", "a'b", "9223372036854775807", "nobody"));
    }

    [Fact]
    public async Task QueryAsync_TextColumn_FindsIntegersWhereTheViewSaysSo()
    {
        var view = await StartAsync("TEXT", "INSERT INTO users VALUES ('42', 1, NULL), ('x', 2, NULL)", configure: options => options.UserIdType = UserIdType.Text);

        Assert.Equal([1, 2], await ReadAsync(view, "42", "x"));
    }

    [Fact]
    public async Task QueryAsync_OneBadRow_FailsItsUserOnly()
    {
        var view = await StartAsync("INTEGER", "INSERT INTO users VALUES (1, 1, NULL), (2, 'many', NULL)");
        var rows = new[] { view.QueryAsync("1"), view.QueryAsync("2"), view.QueryAsync("3") };

        var failure = await Assert.ThrowsAsync<InferenceException>(() => rows[1]);

        Assert.Equal("The database of feature view spending did not answer: column 'value' of view spending gave String 'many', but is declared as Number", failure.Message);
        Assert.Equal((1, false), ((await rows[0]).Row.Values[0].Number, (await rows[2]).Known));
    }

    [Fact]
    public async Task QueryAsync_NoUserColumn_SaysSo()
    {
        var view = await StartAsync("INTEGER", "SELECT 1", "SELECT value, updated FROM users WHERE user_id IN (SELECT value FROM json_each(@user_ids))");

        Assert.Contains("the query of view spending gives no column 'user_id'", (await Assert.ThrowsAsync<InferenceException>(() => view.QueryAsync("1"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task QueryAsync_EventTime_IsTheRows()
    {
        var view = await StartAsync("INTEGER", "INSERT INTO users VALUES (1, 1, '2026-04-01T12:00:00Z')", configure: options => options.EventTimeColumn = "updated");

        Assert.Equal(new DateTimeOffset(2026, 4, 1, 12, 0, 0, TimeSpan.Zero), (await view.QueryAsync("1")).EventTime);
    }

    [Fact]
    public async Task QueryAsync_UserIdTypeNumber_KnowsNoOtherIds()
    {
        var view = await StartAsync("", "INSERT INTO users VALUES ('x', 1, NULL), (1, 2, NULL)", configure: options => options.UserIdType = UserIdType.Number);

        Assert.Equal([null, 2], await ReadAsync(view, "x", "1"));
    }

    [Fact]
    public async Task CheckAsync_SqlThatDoesNotCompile_IsLoggedAndDoesNotStop()
    {
        var logger = new FakeLogger<FeatureView>();
        var view = await StartAsync("INTEGER", "SELECT 1", "SELECT nothing FROM nowhere WHERE @user_ids", logger: logger);

        await view.CheckAsync();

        Assert.Contains("spending could not be checked", Assert.Single(logger.Messages), StringComparison.Ordinal);
    }

    private static async Task<double?[]> ReadAsync(FeatureView view, params string[] users)
    {
        var rows = await Task.WhenAll(users.Select(view.QueryAsync));
        return [.. rows.Select(row => row.Known ? row.Row.Values[0].Number : (double?)null)];
    }

    private async Task<FeatureView> StartAsync(
        string idType, string rows, string sql = Sql, Action<FeatureViewOptions>? configure = null, Microsoft.Extensions.Logging.ILogger<FeatureView>? logger = null)
    {
        await _storage.StartAsync();
        _storage.Execute($"CREATE TABLE users (user_id {idType}, value, updated)");
        _storage.Execute(rows);
        var options = new FeatureViewOptions { ConnectionString = "Data Source=inference.db", Sql = sql, Columns = { ["value"] = new FeatureColumnOptions { Default = "0" } } };
        configure?.Invoke(options);
        return new FeatureView(
            "spending", options, new SqliteFeatureDatabase(_storage.Readers, _storage.Settings), TimeProvider.System, _metrics.Instruments, logger ?? NullLogger<FeatureView>.Instance);
    }
}
