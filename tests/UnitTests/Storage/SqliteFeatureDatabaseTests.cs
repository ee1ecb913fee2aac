using Microsoft.Extensions.Logging.Abstractions;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Storage.Sql.Features;
using UnitTests.Fakes;

namespace UnitTests.Storage;

public sealed class SqliteFeatureDatabaseTests
{
    [Fact]
    public async Task QueryAsync_EveryType_HasItsValueByTheColumnsName()
    {
        await using var storage = await new StorageBuilder().StartAsync();

        var values = await QueryAsync(storage, "SELECT 'x' AS name, 2.5 AS mean, 3 AS count", "42", "count", "mean", "name:text");

        Assert.Equal([FeatureValue.Of(3), FeatureValue.Of(2.5), FeatureValue.Of("x")], values!);
    }

    [Fact]
    public async Task QueryAsync_Null_IsMissing()
    {
        await using var storage = await new StorageBuilder().StartAsync();

        Assert.True(Assert.Single((await QueryAsync(storage, "SELECT NULL AS count", "42", "count"))!).IsMissing);
    }

    [Fact]
    public async Task QueryAsync_NoRow_IsNull()
    {
        await using var storage = await new StorageBuilder().StartAsync();

        Assert.Null(await QueryAsync(storage, "SELECT 1 AS count WHERE false", "42", "count"));
    }

    [Theory]
    [InlineData("SELECT 1 AS amount", "count", "the query of view spending gives no column 'count'")]
    [InlineData("SELECT 'many' AS count", "count", "column 'count' of view spending gave String 'many', but is declared as Number")]
    [InlineData("SELECT 5 AS name", "name:text", "column 'name' of view spending gave Int64 '5', but is declared as Text")]
    [InlineData("SELECT x'00' AS count", "count", "column 'count' of view spending gave Byte[]")]
    [InlineData("SELECT 9e999 AS count", "count", "column 'count' of view spending gave Double '")]
    [InlineData("SELECT missing", "count", "no such column: missing")]
    [InlineData("SELECT @user_id AS count, @tenant AS tenant", "count", "@tenant")]
    public async Task QueryAsync_SomethingElse_SaysWhat(string sql, string column, string message)
    {
        await using var storage = await new StorageBuilder().StartAsync();

        var failure = await Assert.ThrowsAsync<FeatureDatabaseException>(() => QueryAsync(storage, sql, "42", column));

        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("42", "integer")]
    [InlineData("-7", "integer")]
    [InlineData("9223372036854775807", "integer")]
    [InlineData("9223372036854775808", "text")]
    [InlineData("042", "text")]
    [InlineData("-0", "text")]
    [InlineData("+42", "text")]
    [InlineData(" 42", "text")]
    [InlineData("4.2", "text")]
    [InlineData("user", "text")]
    public async Task QueryAsync_UserId_IsAnIntegerOnlyInItsCanonicalForm(string userId, string type)
    {
        await using var storage = await new StorageBuilder().StartAsync();

        Assert.Equal(type, (await QueryAsync(storage, "SELECT typeof(@user_id) AS type", userId, "type:text"))![0].Text);
    }

    [Fact]
    public async Task QueryAsync_SameStatementForBothKindsOfId_TellsThemApart()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        const string Sql = "SELECT count(*) AS count FROM (SELECT 42 AS id) WHERE id = @user_id";

        var counts = new[] { await QueryAsync(storage, Sql, "42", "count"), await QueryAsync(storage, Sql, "042", "count"), await QueryAsync(storage, Sql, "42", "count") };

        Assert.Equal([1, 0, 1], counts.Select(values => values![0].Number));
    }

    [Fact]
    public async Task QueryAsync_HostileUserId_IsAParameter()
    {
        await using var storage = await new StorageBuilder().StartAsync();

        Assert.Equal("'; DROP TABLE predictions; --", (await QueryAsync(storage, "SELECT @user_id AS id", "'; DROP TABLE predictions; --", "id:text"))![0].Text);
    }

    [Fact]
    public async Task QueryAsync_MissingDatabase_IsAFailureOfTheDatabase()
    {
        await using var storage = new StorageBuilder();

        await Assert.ThrowsAsync<FeatureDatabaseException>(() => QueryAsync(storage, "SELECT 1 AS count", "42", "count"));
    }

    private static async Task<FeatureValue[]?> QueryAsync(StorageBuilder storage, string sql, string userId, params string[] columns)
    {
        var options = new FeatureViewOptions { ConnectionString = "Data Source=inference.db", Sql = sql };
        foreach (var column in columns.Select(column => column.Split(':')))
            options.Columns.Add(column[0], new FeatureColumnOptions { Type = column.ElementAtOrDefault(1) ?? "number" });
        var database = new SqliteFeatureDatabase(storage.Readers, storage.Settings);
        var view = new FeatureView("spending", options, database, storage.Time, FakeMeterFactory.Instruments, NullLogger<FeatureView>.Instance);

        // In the order asked for, whatever the order of the options.
        Assert.Equal(columns.Select(column => column.Split(':')[0]), view.Columns.Select(column => column.Name));
        if (!(await database.QueryAsync(view, [userId])).TryGetValue(userId, out var row)) return null;
        return row.Fault is { } fault ? throw new FeatureDatabaseException(fault) : row.Values;
    }
}
