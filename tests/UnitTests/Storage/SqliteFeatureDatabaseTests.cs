using Microsoft.Extensions.Logging.Abstractions;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Storage.Sql;

namespace UnitTests.Storage;

/// <summary>Feature views over real SQLite files.</summary>
public sealed class SqliteFeatureDatabaseTests
{
    [Fact]
    public async Task QueryAsync_TypesAndNull_BecomeNumbersTextAndMissing()
    {
        await using var storage = await StorageFixture.StartAsync();

        var values = await QueryAsync(storage, "SELECT 7 AS whole, 0.5 AS real, 'x' AS text, NULL AS none", ("whole", "number"), ("real", "number"), ("text", "text"), ("none", "number"));

        Assert.Equal([FeatureValue.Of(7), FeatureValue.Of(0.5), FeatureValue.Of("x"), FeatureValue.Missing], values!);
    }

    [Fact]
    public async Task QueryAsync_NoRow_AnswersNull()
    {
        await using var storage = await StorageFixture.StartAsync();

        Assert.Null(await QueryAsync(storage, "SELECT 1 AS a WHERE 0", ("a", "number")));
    }

    [Theory]
    [InlineData("42", "integer")]
    [InlineData("-7", "integer")]
    [InlineData("042", "text")]
    [InlineData("+42", "text")]
    [InlineData("4 2", "text")]
    [InlineData("99999999999999999999", "text")]
    [InlineData("Анна", "text")]
    public async Task QueryAsync_UserId_IsAnIntegerInItsCanonicalFormOnly(string userId, string type)
    {
        await using var storage = await StorageFixture.StartAsync();

        var values = await storage.Features.QueryAsync(View(storage, "SELECT typeof(@user_id) AS type", new(), ("type", "text")), userId);

        Assert.Equal(type, values![0].Text);
    }

    [Theory]
    [InlineData("SELECT 1 AS other", "no column 'a'")]
    [InlineData("SELECT 'x' AS a", "declared as Number")]
    [InlineData("SELECT a FROM nowhere", "no such table")]
    [InlineData("SELEKT", "syntax error")]
    public async Task QueryAsync_QueryIsWrong_SaysWhy(string sql, string reason)
    {
        await using var storage = await StorageFixture.StartAsync();

        var failure = await Assert.ThrowsAsync<FeatureDatabaseException>(() => QueryAsync(storage, sql, ("a", "number")));

        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task QueryAsync_LongerThanItsTimeout_IsInterruptedAndTheThreadLivesOn()
    {
        const string Endless = "WITH RECURSIVE work(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM work) SELECT count(*) AS a FROM work";
        await using var storage = await StorageFixture.StartAsync(new SqliteStorageOptions { ReaderThreads = 1 });
        var view = View(storage, Endless, new() { Timeout = TimeSpan.FromMilliseconds(50) }, ("a", "number"));

        var failure = await Assert.ThrowsAsync<FeatureDatabaseException>(() => storage.Features.QueryAsync(view, "42"));

        Assert.Contains("interrupted", failure.Message, StringComparison.Ordinal);
        Assert.NotNull(await QueryAsync(storage, "SELECT 1 AS a", ("a", "number")));
    }

    [Fact]
    public async Task ReadAsync_QueueIsFull_FailsAtOnce()
    {
        await using var storage = await StorageFixture.StartAsync(new SqliteStorageOptions { ReaderThreads = 1, MaxWaitingReads = 1 });
        using var gate = new ManualResetEventSlim();
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var held = storage.Readers.ReadAsync(storage.Database.ConnectionString, _ => Hold(started, gate), TimeSpan.FromMinutes(1));
        await started.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        var waiting = storage.Readers.ReadAsync(storage.Database.ConnectionString, _ => true, TimeSpan.FromMinutes(1));

        var failure = Assert.Throws<OrleansInference.InferenceException>(() => { _ = storage.Readers.ReadAsync(storage.Database.ConnectionString, _ => true, TimeSpan.FromMinutes(1)); });
        gate.Set();
        await Task.WhenAll(held, waiting);

        Assert.Contains("MaxWaitingReads = 1", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task QueryAsync_DatabaseIsMissing_FailsAndRecoversWhenItIsThere()
    {
        await using var storage = await StorageFixture.StartAsync();
        var file = Path.Combine(Path.GetDirectoryName(storage.Database.File)!, "later.db");
        var view = View(storage, "SELECT 1 AS a", new() { ConnectionString = $"Data Source={file}" }, ("a", "number"));
        await Assert.ThrowsAsync<FeatureDatabaseException>(() => storage.Features.QueryAsync(view, "42"));

        File.Copy(storage.Database.File, file);

        Assert.NotNull(await storage.Features.QueryAsync(view, "42"));
    }

    private static bool Hold(TaskCompletionSource started, ManualResetEventSlim gate)
    {
        started.TrySetResult();
        return gate.Wait(TimeSpan.FromSeconds(30));
    }

    private static Task<FeatureValue[]?> QueryAsync(StorageFixture storage, string sql, params (string Name, string Type)[] columns) =>
        storage.Features.QueryAsync(View(storage, sql, new(), columns), "42");

    private static FeatureView View(StorageFixture storage, string sql, FeatureViewOptions options, params (string Name, string Type)[] columns)
    {
        options.Sql = sql;
        if (options.ConnectionString.Length == 0) options.ConnectionString = "Data Source=inference.db";
        foreach (var (name, type) in columns) options.Columns.Add(name, new FeatureColumnOptions { Type = type });
        return new FeatureView("view", options, storage.Features, TimeProvider.System, null!, NullLogger<FeatureView>.Instance);
    }
}
