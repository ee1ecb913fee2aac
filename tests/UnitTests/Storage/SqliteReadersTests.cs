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
    public async Task ReadAsync_FileReplacedByARename_EveryThreadReadsTheNewOne()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows lets nobody replace a file that is open.");
        await using var storage = new StorageBuilder(options => options.ReaderThreads = 2);
        var file = storage.PathOf("features.db");
        WriteVersion(file, 1);
        Assert.Equal((1, 1), await ReadVersionOnBothThreadsAsync(storage, file));

        for (var version = 2; version <= 3; version++)
        {
            WriteVersion($"{file}.new", version);
            File.Move($"{file}.new", file, overwrite: true);

            Assert.Equal((version, version), await ReadVersionOnBothThreadsAsync(storage, file));
        }
    }

    [Fact]
    public async Task ReadAsync_FileDeleted_IsUnavailableUntilAnotherIsThere()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows lets nobody delete a file that is open.");
        await using var storage = new StorageBuilder();
        var file = storage.PathOf("features.db");
        WriteVersion(file, 1);
        Assert.Equal(1, await ReadVersionAsync(storage, file));

        File.Delete(file);
        AssertUnavailable(await Assert.ThrowsAsync<InferenceException>(() => ReadVersionAsync(storage, file)), "unable to open database file");

        WriteVersion(file, 2);
        Assert.Equal(2, await ReadVersionAsync(storage, file));
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

    private static void WriteVersion(string file, long version)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"CREATE TABLE published AS SELECT {version} AS version";
        command.ExecuteNonQuery();
    }

    private static Task<long> ReadVersionAsync(StorageBuilder storage, string file, Action? meanwhile = null) => storage.Readers.ReadAsync(
        $"Data Source={file}",
        connection =>
        {
            meanwhile?.Invoke();
            return (long)connection.Prepared("SELECT version FROM published").ExecuteScalar()!;
        },
        Timeout);

    // Neither goes on before the other has begun, so they are on two threads.
    private static async Task<(long One, long Other)> ReadVersionOnBothThreadsAsync(StorageBuilder storage, string file)
    {
        using var both = new Barrier(2);
        var one = ReadVersionAsync(storage, file, () => Assert.True(both.SignalAndWait(Gate.Patience)));
        var other = ReadVersionAsync(storage, file, () => Assert.True(both.SignalAndWait(Gate.Patience)));
        return (await one, await other);
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
