using System.Collections.Concurrent;
using System.Diagnostics;
using OrleansInference;
using OrleansInference.Storage.Sql;
using UnitTests.Fakes;

namespace UnitTests.Storage;

public sealed class SqliteWriterTests
{
    [Fact]
    public async Task EnqueueAsync_WriteCommitted_IsOnDiskWithItsRows()
    {
        await using var storage = await new StorageBuilder().StartAsync();

        var rows = await storage.Writer.EnqueueAsync(new Statement("INSERT INTO record_schemas VALUES (1, '[]'), (2, '[]')"));

        Assert.Equal((2, 2L), (rows, storage.Scalar<long>("SELECT count(*) FROM record_schemas")));
    }

    [Theory]
    [InlineData("journal_mode", "wal")]
    [InlineData("synchronous", "2")]
    public async Task ReadPragmaAsync_OwnConnection_SurvivesTheLossOfPower(string pragma, string expected)
    {
        await using var storage = await new StorageBuilder().StartAsync();

        Assert.Equal(expected, await storage.Writer.ReadPragmaAsync(pragma));
    }

    [Fact]
    public async Task EnqueueAsync_QueuedBehindACommit_GoInOneInTheirOrder()
    {
        using var gate = new Gate();
        await using var storage = await new StorageBuilder().StartAsync();
        var commits = new ConcurrentQueue<string>();
        var held = storage.Writer.EnqueueAsync(HeldAt(gate));
        await gate.Reached;
        var behind = Enumerable.Range(1, 20)
            .Select(i => storage.Writer.EnqueueAsync(new Statement($"INSERT INTO record_schemas VALUES ({i}, '[]')")
            {
                OnApply = () => commits.Enqueue($"apply {i}"),
                OnCommitted = () => commits.Enqueue($"committed {i}"),
            }))
            .ToArray();

        gate.Open();
        await Task.WhenAll([held, .. behind]);

        Assert.Equal([.. Numbered("apply"), .. Numbered("committed")], commits);

        static IEnumerable<string> Numbered(string what) => Enumerable.Range(1, 20).Select(i => $"{what} {i}");
    }

    [Fact]
    public async Task EnqueueAsync_MoreThanACommitTakes_GoInTheNext()
    {
        using var gate = new Gate();
        await using var storage = await new StorageBuilder(options => options.MaxCommitSize = 2).StartAsync();
        var commits = new ConcurrentQueue<string>();
        var held = storage.Writer.EnqueueAsync(HeldAt(gate));
        await gate.Reached;
        var behind = Enumerable.Range(1, 3)
            .Select(i => storage.Writer.EnqueueAsync(new Statement("SELECT 1")
            {
                OnApply = () => commits.Enqueue($"apply {i}"),
                OnCommitted = () => commits.Enqueue($"committed {i}"),
            }))
            .ToArray();

        gate.Open();
        await Task.WhenAll([held, .. behind]);

        Assert.Equal(["apply 1", "apply 2", "committed 1", "committed 2", "apply 3", "committed 3"], commits);
    }

    [Fact]
    public async Task EnqueueAsync_OneOfTheCommitFails_AllFailAndNothingIsWritten()
    {
        using var gate = new Gate();
        await using var storage = await new StorageBuilder().StartAsync();
        var held = storage.Writer.EnqueueAsync(HeldAt(gate));
        await gate.Reached;
        var good = storage.Writer.EnqueueAsync(new Statement("INSERT INTO record_schemas VALUES (1, '[]')"));
        var bad = storage.Writer.EnqueueAsync(new Statement("INSERT INTO nowhere VALUES (1)"));

        gate.Open();
        await held;

        foreach (var write in new[] { good, bad })
            Assert.Equal(InferenceErrorCode.StorageUnavailable, (await Assert.ThrowsAsync<InferenceException>(() => write)).Code);
        Assert.Equal(0, storage.Scalar<long>("SELECT count(*) FROM record_schemas"));
    }

    [Fact]
    public async Task EnqueueAsync_AfterAFailedCommit_WritesAgain()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        await Assert.ThrowsAsync<InferenceException>(() => storage.Writer.EnqueueAsync(new Statement("INSERT INTO nowhere VALUES (1)")));

        Assert.Equal(1, await storage.Writer.EnqueueAsync(new Statement("INSERT INTO record_schemas VALUES (1, '[]')")));
    }

    [Fact]
    public async Task EnqueueAsync_QueueFull_IsRefusedNamingTheSetting()
    {
        using var gate = new Gate();
        await using var storage = await new StorageBuilder(options => options.MaxWaitingWrites = 1).StartAsync();
        var held = storage.Writer.EnqueueAsync(HeldAt(gate));
        await gate.Reached;
        var waiting = storage.Writer.EnqueueAsync(new Statement("SELECT 1"));

        var failure = await Assert.ThrowsAsync<InferenceException>(() => storage.Writer.EnqueueAsync(new Statement("SELECT 1")));

        Assert.Equal(
            "The database did not take the write: its queue is full (Inference:Sqlite:MaxWaitingWrites = 1). Nothing was recorded; a retry is safe.",
            failure.Message);
        Assert.Equal((InferenceErrorCode.StorageUnavailable, TimeSpan.FromSeconds(1)), (failure.Code, failure.RetryAfter));
        gate.Open();
        await Task.WhenAll(held, waiting);
    }

    [Fact]
    public async Task TryAbandon_BeforeItsCommit_IsNeverWritten()
    {
        using var gate = new Gate();
        await using var storage = await new StorageBuilder().StartAsync();
        var held = storage.Writer.EnqueueAsync(HeldAt(gate));
        await gate.Reached;
        var abandoned = new Statement("INSERT INTO record_schemas VALUES (1, '[]')");
        _ = storage.Writer.EnqueueAsync(abandoned);

        Assert.True(abandoned.TryAbandon());

        gate.Open();
        await held;
        await storage.Writer.EnqueueAsync(new Statement("SELECT 1"));
        Assert.Equal(0, storage.Scalar<long>("SELECT count(*) FROM record_schemas"));
    }

    [Fact]
    public async Task TryAbandon_WhenItsCommitHasBegun_IsRefused()
    {
        using var gate = new Gate();
        await using var storage = await new StorageBuilder().StartAsync();
        var begun = HeldAt(gate);
        var commit = storage.Writer.EnqueueAsync(begun);
        await gate.Reached;

        Assert.False(begun.TryAbandon());

        gate.Open();
        await commit;
    }

    [Fact]
    public async Task EnqueueAsync_LockedByAnotherConnection_FailsAndRecoversByItself()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        await storage.Writer.EnqueueAsync(new Statement("SELECT 1"));
        using (storage.Lock())
        {
            var failure = await Assert.ThrowsAsync<InferenceException>(() => storage.Writer.EnqueueAsync(new Statement("SELECT 1")));
            Assert.Equal(InferenceErrorCode.StorageUnavailable, failure.Code);
        }

        Assert.Equal(1, await storage.Writer.EnqueueAsync(new Statement("INSERT INTO record_schemas VALUES (1, '[]')")));
    }

    [Fact]
    public async Task EnqueueAsync_FirstWriteEverIsLocked_FailsWithinTheBusyTimeout()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        using var other = storage.Lock();
        var startedAt = Stopwatch.GetTimestamp();

        await Assert.ThrowsAsync<InferenceException>(() => storage.Writer.EnqueueAsync(new Statement("SELECT 1")));

        // 50 ms by the setting; the driver's own loop would take 30 s.
        Assert.InRange(Stopwatch.GetElapsedTime(startedAt), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task StoppedAsync_WritesWait_CommitsThem()
    {
        using var gate = new Gate();
        await using var storage = await new StorageBuilder().StartAsync();
        var held = storage.Writer.EnqueueAsync(HeldAt(gate));
        await gate.Reached;
        var waiting = storage.Writer.EnqueueAsync(new Statement("INSERT INTO record_schemas VALUES (1, '[]')"));

        var stop = storage.StopAsync();
        gate.Open();
        await stop;

        Assert.True(held.IsCompletedSuccessfully);
        Assert.Equal(1, await waiting);
    }

    [Fact]
    public async Task StoppedAsync_WriteHangs_EndsWithTheTimeToStop()
    {
        using var gate = new Gate();
        await using var storage = await new StorageBuilder().StartAsync();
        var hangs = storage.Writer.EnqueueAsync(HeldAt(gate));
        await gate.Reached;

        using var timeToStop = new CancellationTokenSource(TimeSpan.FromMilliseconds(1));
        await storage.Writer.StoppedAsync(timeToStop.Token).WaitAsync(Gate.Patience / 2, TestContext.Current.CancellationToken);

        Assert.False(hangs.IsCompleted);
        gate.Open();
        await hangs;
    }

    [Fact]
    public async Task EnqueueAsync_AfterTheStop_IsRefused()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        await storage.StopAsync();

        var failure = await Assert.ThrowsAsync<InferenceException>(() => storage.Writer.EnqueueAsync(new Statement("SELECT 1")));

        Assert.Contains("the program is stopping", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EnqueueAsync_ManyCallersAtOnce_EachWriteIsOnDiskOnce()
    {
        const int Callers = 8;
        const int WritesEach = 100;
        await using var storage = await new StorageBuilder().StartAsync();

        var callers = Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            for (var i = 0; i < WritesEach; i++)
                await storage.Writer.EnqueueAsync(new Statement($"INSERT INTO record_schemas VALUES ({caller * WritesEach + i}, '[]')"));
        }));
        await Task.WhenAll(callers);

        Assert.Equal(Callers * WritesEach, storage.Scalar<long>("SELECT count(*) FROM record_schemas"));
    }

    private static Statement HeldAt(Gate gate) => new("SELECT 1") { OnApply = () => gate.Pass(CancellationToken.None) };

    private sealed class Statement(string sql) : SqliteWrite<int>
    {
        public Action OnApply { get; init; } = () => { };

        public Action OnCommitted { get; init; } = () => { };

        protected override int Apply(WriterConnection connection)
        {
            OnApply();
            return connection.Prepared(sql).ExecuteNonQuery();
        }

        protected override void Committed(int rows) => OnCommitted();
    }
}
