using Microsoft.Data.Sqlite;
using OrleansInference;
using OrleansInference.Storage.Sql;
using UnitTests.Fakes;

namespace UnitTests.Storage;

public sealed class SqliteReadersTests
{
    // Some seconds of work on any machine, so a test that is not interrupted fails and does not hang.
    private const string LongQuery = "WITH RECURSIVE work(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM work WHERE i < 30000000) SELECT count(*) FROM work";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task ReadAsync_Query_RunsOnAReaderThread()
    {
        await using var storage = await new StorageBuilder().StartAsync();

        Assert.Equal("sqlite-reader-0", await ReadAsync(storage, _ => Thread.CurrentThread.Name));
    }

    [Fact]
    public async Task ReadAsync_LongerThanItsTimeout_IsInterrupted()
    {
        using var gate = new Gate();
        await using var storage = await new StorageBuilder().StartAsync();
        var reading = ReadAsync(storage, connection =>
        {
            gate.Pass(CancellationToken.None);
            return connection.Prepared(LongQuery).ExecuteScalar();
        });
        await gate.Reached;

        gate.Open();
        storage.Time.Advance(Timeout);

        AssertUnavailable(await Assert.ThrowsAsync<InferenceException>(() => reading), "interrupted");
    }

    [Fact]
    public async Task ReadAsync_TimeoutBetweenTwoStatements_InterruptsTheNext()
    {
        await using var storage = await new StorageBuilder().StartAsync();

        var reading = ReadAsync(storage, connection =>
        {
            storage.Time.Advance(Timeout);
            return connection.Prepared(LongQuery).ExecuteScalar();
        });

        AssertUnavailable(await Assert.ThrowsAsync<InferenceException>(() => reading), "interrupted");
    }

    [Fact]
    public async Task ReadAsync_AfterAnInterruption_ReadsAgain()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        await Assert.ThrowsAsync<InferenceException>(() => ReadAsync(storage, connection =>
        {
            storage.Time.Advance(Timeout);
            return connection.Prepared(LongQuery).ExecuteScalar();
        }));

        Assert.Equal(1L, await ReadAsync(storage, connection => connection.Prepared("SELECT 1").ExecuteScalar()));
    }

    [Fact]
    public async Task ReadAsync_ExpiredInTheQueue_IsNotBegun()
    {
        using var gate = new Gate();
        var begun = false;
        await using var storage = await new StorageBuilder().StartAsync();
        var held = ReadAsync(storage, _ => Hold(gate));
        await gate.Reached;
        var waiting = ReadAsync(storage, _ => begun = true);

        storage.Time.Advance(Timeout);
        gate.Open();
        await held;

        AssertUnavailable(await Assert.ThrowsAsync<InferenceException>(() => waiting), "it waited 00:00:01 for a thread (Inference:Sqlite:ReaderThreads)");
        Assert.False(begun);
    }

    [Fact]
    public async Task ReadAsync_QueueFull_IsRefusedNamingTheSetting()
    {
        using var gate = new Gate();
        await using var storage = await new StorageBuilder(options => options.MaxWaitingReads = 1).StartAsync();
        var held = ReadAsync(storage, _ => Hold(gate));
        await gate.Reached;
        var waiting = ReadAsync(storage, _ => 1);

        var failure = Assert.Throws<InferenceException>(() => { _ = ReadAsync(storage, _ => 1); });

        AssertUnavailable(failure, "its queue is full (Inference:Sqlite:MaxWaitingReads = 1)");
        gate.Open();
        await Task.WhenAll(held, waiting);
    }

    [Fact]
    public async Task ReadAsync_MissingFile_IsUnavailableAndIsNotCreated()
    {
        await using var storage = new StorageBuilder();
        var file = storage.PathOf("none.db");

        var failure = await Assert.ThrowsAsync<InferenceException>(() => storage.Readers.ReadAsync($"Data Source={file}", _ => 1, Timeout));

        AssertUnavailable(failure, "unable to open database file");
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task ReadAsync_FileAppearsLater_IsRead()
    {
        await using var storage = new StorageBuilder();
        await Assert.ThrowsAsync<InferenceException>(() => ReadAsync(storage, _ => 1));

        await storage.StartAsync();

        Assert.Equal(0L, await ReadAsync(storage, connection => connection.Prepared("SELECT count(*) FROM predictions").ExecuteScalar()));
    }

    [Fact]
    public async Task ReadAsync_SqliteError_ReplacesTheConnection()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        var first = await ReadAsync(storage, connection => connection);
        await Assert.ThrowsAsync<InferenceException>(() => ReadAsync(storage, connection => connection.Prepared("SELECT missing").ExecuteScalar()));

        Assert.NotSame(first, await ReadAsync(storage, connection => connection));
    }

    [Fact]
    public async Task ReadAsync_NoError_KeepsTheConnection()
    {
        await using var storage = await new StorageBuilder().StartAsync();

        Assert.Same(await ReadAsync(storage, connection => connection), await ReadAsync(storage, connection => connection));
    }

    [Fact]
    public async Task ReadAsync_OtherException_IsTheCallersAndTheThreadLivesOn()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        await Assert.ThrowsAsync<NotSupportedException>(() => ReadAsync<int>(storage, _ => throw new NotSupportedException()));

        Assert.Equal(1, await ReadAsync(storage, _ => 1));
    }

    [Fact]
    public async Task ReadAsync_Write_IsRefused()
    {
        await using var storage = await new StorageBuilder().StartAsync();

        var failure = await Assert.ThrowsAsync<InferenceException>(
            () => ReadAsync(storage, connection => connection.Prepared("INSERT INTO record_schemas VALUES (1, '[]')").ExecuteNonQuery()));

        AssertUnavailable(failure, "readonly");
    }

    [Fact]
    public async Task Dispose_ReadsWait_AnswersThemFirst()
    {
        using var gate = new Gate();
        await using var storage = await new StorageBuilder().StartAsync();
        var held = ReadAsync(storage, _ => Hold(gate));
        await gate.Reached;
        var waiting = ReadAsync(storage, _ => 1);
        gate.Open();

        storage.Readers.Dispose();

        Assert.Equal((0, 1), (await held, await waiting));
        Assert.Throws<InferenceException>(() => { _ = ReadAsync(storage, _ => 1); });
    }

    private static int Hold(Gate gate)
    {
        gate.Pass(CancellationToken.None);
        return 0;
    }

    private static Task<T> ReadAsync<T>(StorageBuilder storage, Func<ReaderConnection, T> read) =>
        storage.Readers.ReadAsync(storage.Database.ConnectionString, read, Timeout);

    private static void AssertUnavailable(InferenceException failure, string why)
    {
        Assert.Equal(InferenceErrorCode.StorageUnavailable, failure.Code);
        Assert.Contains(why, failure.Message, StringComparison.Ordinal);
    }
}
