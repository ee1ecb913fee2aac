using OrleansInference;
using OrleansInference.Storage.Sql;

namespace UnitTests.Storage;

/// <summary>The promises of the log's writer, on real files.</summary>
public sealed class SqlitePredictionLogTests
{
    [Fact]
    public async Task AppendAsync_RecordWithMessages_CommitsBoth()
    {
        await using var storage = await StorageFixture.StartAsync();

        Assert.True(await storage.AppendAsync(StorageFixture.Record("-!42", 1, StorageFixture.Message("a"), StorageFixture.Message("b", "other"))));

        Assert.Equal([1L], storage.Read("SELECT count(*) FROM predictions"));
        Assert.Equal(["a", "b"], storage.Read("SELECT message_id FROM outbox ORDER BY position"));
        Assert.Equal(["""["request.amount"]"""], storage.Read("SELECT names FROM record_schemas"));
    }

    [Fact]
    public async Task AppendAsync_SequenceIsTaken_AnswersFalseAndWritesNothing()
    {
        await using var storage = await StorageFixture.StartAsync();
        await storage.AppendAsync(StorageFixture.Record("-!42", 1));

        Assert.False(await storage.AppendAsync(StorageFixture.Record("-!42", 1, StorageFixture.Message("a"))));

        Assert.Equal([1L], storage.Read("SELECT count(*) FROM predictions"));
        Assert.Empty(storage.Read("SELECT message_id FROM outbox"));
        Assert.True(await storage.AppendAsync(StorageFixture.Record("-!43", 1)));
    }

    [Fact]
    public async Task AppendAsync_IdIsTaken_AnswersFalse()
    {
        await using var storage = await StorageFixture.StartAsync();
        var record = StorageFixture.Record("-!42", 1);
        await storage.AppendAsync(record);

        Assert.False(await storage.AppendAsync(record with { Sequence = 2 }));
    }

    [Fact]
    public async Task AppendAsync_ManyWhileACommitIsHeld_GoTogetherInOrder()
    {
        await using var storage = await StorageFixture.StartAsync();
        var hold = new HeldWrite();
        var held = storage.Writer.EnqueueAsync(hold);
        await hold.Started;

        var appends = Enumerable.Range(1, 50).Select(i => storage.AppendAsync(StorageFixture.Record("-!42", i, StorageFixture.Message($"{i:00}")))).ToArray();
        hold.Release();

        Assert.All(await Task.WhenAll(appends), Assert.True);
        await held;
        Assert.Equal(Enumerable.Range(1, 50).Select(i => (object)$"{i:00}"), storage.Read("SELECT message_id FROM outbox ORDER BY position"));
    }

    [Fact]
    public async Task AppendAsync_CallerLeavesBeforeItsTurn_IsNeverWritten()
    {
        await using var storage = await StorageFixture.StartAsync();
        var hold = new HeldWrite();
        var held = storage.Writer.EnqueueAsync(hold);
        await hold.Started;
        using var leaving = new CancellationTokenSource();

        var append = storage.Log.AppendAsync(StorageFixture.Record("-!42", 1), leaving.Token);
        await leaving.CancelAsync();
        var failure = await Assert.ThrowsAsync<InferenceException>(() => append);
        hold.Release();
        await held;
        await storage.AppendAsync(StorageFixture.Record("-!42", 2));

        Assert.Equal(InferenceErrorCode.StorageUnavailable, failure.Code);
        Assert.Equal([2L], storage.Read("SELECT seq FROM predictions"));
    }

    [Fact]
    public async Task AppendAsync_QueueIsFull_FailsAtOnce()
    {
        await using var storage = await StorageFixture.StartAsync(new SqliteStorageOptions { MaxWaitingWrites = 2 });
        var hold = new HeldWrite();
        var held = storage.Writer.EnqueueAsync(hold);
        await hold.Started;
        var first = storage.AppendAsync(StorageFixture.Record("-!42", 1));
        var second = storage.AppendAsync(StorageFixture.Record("-!42", 2));

        var failure = await Assert.ThrowsAsync<InferenceException>(() => storage.AppendAsync(StorageFixture.Record("-!42", 3)));
        hold.Release();
        await Task.WhenAll(held, first, second);

        Assert.Equal(InferenceErrorCode.StorageUnavailable, failure.Code);
        Assert.Contains("MaxWaitingWrites = 2", failure.Message, StringComparison.Ordinal);
        Assert.NotNull(failure.RetryAfter);
    }

    [Fact]
    public async Task AppendAsync_DatabaseIsLocked_FailsAndRecoversByItself()
    {
        await using var storage = await StorageFixture.StartAsync(new SqliteStorageOptions { BusyTimeout = TimeSpan.FromMilliseconds(10) });
        using var beside = storage.OpenBeside();
        using (beside.BeginTransaction(deferred: false))
        {
            var failure = await Assert.ThrowsAsync<InferenceException>(() => storage.AppendAsync(StorageFixture.Record("-!42", 1)));
            Assert.Equal(InferenceErrorCode.StorageUnavailable, failure.Code);
            Assert.Contains("locked", failure.Message, StringComparison.Ordinal);
        }

        Assert.True(await storage.AppendAsync(StorageFixture.Record("-!42", 2)));
        Assert.Equal([2L], storage.Read("SELECT seq FROM predictions"));
    }

    [Fact]
    public async Task AppendAsync_OneWriteOfTheCommitFails_AllFailAndNothingIsWritten()
    {
        await using var storage = await StorageFixture.StartAsync();
        var hold = new HeldWrite();
        var held = storage.Writer.EnqueueAsync(hold);
        await hold.Started;
        var append = storage.AppendAsync(StorageFixture.Record("-!42", 1, StorageFixture.Message("a")));
        var failing = storage.Writer.EnqueueAsync(new FailingWrite());
        hold.Release();

        await held;
        await Assert.ThrowsAsync<InferenceException>(() => append);
        await Assert.ThrowsAsync<InferenceException>(() => failing);
        Assert.Empty(storage.Read("SELECT seq FROM predictions"));
        Assert.True(await storage.AppendAsync(StorageFixture.Record("-!42", 2)));
    }

    [Fact]
    public async Task StoppedAsync_WritesWait_CommitsThemFirstAndTakesNoMore()
    {
        await using var storage = await StorageFixture.StartAsync();
        var hold = new HeldWrite();
        var held = storage.Writer.EnqueueAsync(hold);
        await hold.Started;
        var append = storage.AppendAsync(StorageFixture.Record("-!42", 1));

        var stopped = storage.Writer.StoppedAsync(TestContext.Current.CancellationToken);
        hold.Release();
        await Task.WhenAll(held, append, stopped);

        Assert.True(await append);
        var late = await Assert.ThrowsAsync<InferenceException>(() => storage.AppendAsync(StorageFixture.Record("-!42", 2)));
        Assert.Equal(InferenceErrorCode.StorageUnavailable, late.Code);
    }

    [Fact]
    public async Task ReadLastSequenceAsync_NewAndKnownUser_GivesTheHighest()
    {
        await using var storage = await StorageFixture.StartAsync();
        await storage.AppendAsync(StorageFixture.Record("-!42", 1));
        await storage.AppendAsync(StorageFixture.Record("-!42", 7));

        Assert.Equal(7, await storage.Log.ReadLastSequenceAsync("-!42"));
        Assert.Equal(0, await storage.Log.ReadLastSequenceAsync("-!43"));
    }

    [Fact]
    public async Task Migrate_SecondStart_KeepsWhatIsThere()
    {
        await using var storage = await StorageFixture.StartAsync();
        await storage.AppendAsync(StorageFixture.Record("-!42", 1));

        storage.Database.Migrate();

        Assert.Equal([1L], storage.Read("SELECT count(*) FROM predictions"));
    }

    [Fact]
    public async Task Migrate_FileIsNoDatabase_SaysSo()
    {
        await using var storage = new StorageFixture();
        await File.WriteAllTextAsync(storage.Database.File, new string('x', 4096), TestContext.Current.CancellationToken);

        var fault = Assert.Throws<OrleansInference.Grains.InferenceStartupException>(storage.Database.Migrate);

        Assert.Contains(storage.Database.File, fault.Message, StringComparison.Ordinal);
        Assert.Contains("not a database", fault.Message, StringComparison.Ordinal);
    }

    /// <summary>Keeps the writer inside a commit until the test lets go.</summary>
    private sealed class HeldWrite : SqliteWrite
    {
        private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _gate = new();

        public Task Started => _started.Task.WaitAsync(TimeSpan.FromSeconds(30));

        public void Release() => _gate.SetResult();

        protected override int Apply(WriterConnection connection)
        {
            _started.TrySetResult();
            _gate.Task.Wait(TimeSpan.FromSeconds(30));
            return 0;
        }
    }

    private sealed class FailingWrite : SqliteWrite
    {
        protected override int Apply(WriterConnection connection) => connection.Command("INSERT INTO no_such_table VALUES (1)").ExecuteNonQuery();
    }
}
