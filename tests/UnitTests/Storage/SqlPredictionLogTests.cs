using OrleansInference;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Storage.Sql;
using UnitTests.Fakes;
using static UnitTests.Storage.StorageBuilder;

namespace UnitTests.Storage;

public sealed class SqlPredictionLogTests
{
    // Longer than what is kept on the stack, in letters of three bytes.
    private const string LongText = "-!日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本";

    [Fact]
    public async Task AppendAsync_NewSequence_WritesTheRecord()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        var record = storage.Record("-!42", 1);

        Assert.Equal(AppendOutcome.Appended, await storage.AppendAsync(record));

        Assert.Equal(
            $"{Convert.ToHexString(record.Id.ToByteArray(bigEndian: true))} -!42 1 fraud 2  1775044800000 010203",
            storage.Scalar<string>(
                "SELECT concat_ws(' ', hex(id), user, seq, model, version, coalesce(request_key, ''), created_at, hex(body)) FROM predictions"));
    }

    [Fact]
    public async Task AppendAsync_NamesOfTheFeatures_AreWrittenOnceForAllRecords()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        await storage.AppendAsync(storage.Record("-!42", 1));
        await storage.AppendAsync(storage.Record("-!42", 2));

        Assert.Equal(
            $"{FeatureSchema.Of(["request.amount"]).Id}|[\"request.amount\"]",
            storage.Scalar<string>("SELECT group_concat(id || '|' || names) FROM record_schemas"));
    }

    [Fact]
    public async Task ReadAsync_Recorded_IsTheRecordWithItsNames()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        var schema = FeatureSchema.Of(["request.amount"]);
        byte[] body = [1, .. BitConverter.GetBytes(schema.Id), 0, .. BitConverter.GetBytes(0.5), 0, 0];
        var written = storage.Record("-!42", 1) with { Body = body, Schema = schema, IdempotencyKey = "key" };
        await storage.AppendAsync(written);

        var read = await storage.Log.ReadAsync(written.Id);

        Assert.NotNull(read);
        Assert.Equal(
            (written.Id, written.User, 1L, written.Model, written.Version, "key", written.CreatedAt),
            (read.Id, read.User, read.Sequence, read.Model, read.Version, read.IdempotencyKey, read.CreatedAt));
        Assert.Equal(schema.Names, read.Schema.Names);
        Assert.Equal(body, read.Body);
    }

    [Fact]
    public async Task ReadAsync_UnknownId_IsNone()
    {
        await using var storage = await new StorageBuilder().StartAsync();

        Assert.Null(await storage.Log.ReadAsync(Guid.CreateVersion7()));
    }

    [Fact]
    public async Task AppendAsync_SequenceTaken_IsSupersededAndNothingIsWritten()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        await storage.AppendAsync(storage.Record("-!42", 1));

        Assert.Equal(AppendOutcome.Superseded, await storage.AppendAsync(storage.Record("-!42", 1, Message("late"))));

        Assert.Equal((1L, 0L), (storage.Scalar<long>("SELECT count(*) FROM predictions"), storage.Scalar<long>("SELECT count(*) FROM outbox")));
    }

    [Fact]
    public async Task AppendAsync_IdTaken_IsRepeatedAndNothingIsWritten()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        var first = storage.Record("-!42", 1);
        await storage.AppendAsync(first);

        Assert.Equal(AppendOutcome.Repeated, await storage.AppendAsync(storage.Record("-!42", 2, Message("late")) with { Id = first.Id }));

        Assert.Equal((1L, 0L), (storage.Scalar<long>("SELECT max(seq) FROM predictions"), storage.Scalar<long>("SELECT count(*) FROM outbox")));
    }

    [Fact]
    public async Task AppendAsync_SameSequenceInOneCommit_OnlyTheFirstIsWritten()
    {
        using var gate = new Gate();
        await using var storage = await new StorageBuilder().StartAsync();
        var held = storage.Writer.EnqueueAsync(new HeldWrite(gate));
        await gate.Reached;
        var (first, second) = (storage.AppendAsync(storage.Record("-!42", 1)), storage.AppendAsync(storage.Record("-!42", 1)));

        gate.Open();
        await held;

        Assert.Equal((AppendOutcome.Appended, AppendOutcome.Superseded), (await first, await second));
    }

    [Fact]
    public async Task AppendAsync_OtherUserSameSequence_IsWritten()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        await storage.AppendAsync(storage.Record("-!42", 1));

        Assert.Equal(AppendOutcome.Appended, await storage.AppendAsync(storage.Record("-!43", 1)));
    }

    [Fact]
    public async Task AppendAsync_Messages_AreCommittedWithTheRecordAndWakeTheDispatcher()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        var woken = storage.Signal.WaitAsync("fraud-desk", Gate.Patience, TimeProvider.System, TestContext.Current.CancellationToken);

        await storage.AppendAsync(storage.Record("-!42", 1, Message("a"), Message("b", "case-review")));

        await woken;
        Assert.Equal("a fraud-desk,b case-review", storage.Scalar<string>("SELECT group_concat(message_id || ' ' || target ORDER BY position) FROM outbox"));
    }

    [Fact]
    public async Task AppendAsync_CallerLeavesBeforeTheCommit_NothingIsWrittenAndARetryIsSafe()
    {
        using var gate = new Gate();
        using var caller = new CancellationTokenSource();
        await using var storage = await new StorageBuilder().StartAsync();
        var held = storage.Writer.EnqueueAsync(new HeldWrite(gate));
        await gate.Reached;
        var append = storage.Log.AppendAsync(storage.Record("-!42", 1), caller.Token);

        await caller.CancelAsync();

        Assert.Equal(InferenceErrorCode.StorageUnavailable, (await Assert.ThrowsAsync<InferenceException>(() => append)).Code);
        gate.Open();
        await held;
        Assert.Equal(AppendOutcome.Appended, await storage.AppendAsync(storage.Record("-!42", 1)));
    }

    [Fact]
    public async Task AppendAsync_TimeIsUpAlready_NothingIsWrittenAndTheChainIsBroken()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        var record = storage.Record("-!42", 1);

        var fault = await Assert.ThrowsAsync<InferenceException>(() => storage.Log.AppendAsync(record, new CancellationToken(canceled: true)));

        Assert.Equal((InferenceErrorCode.StorageUnavailable, true), (fault.Code, record.Chain.IsBroken));
        Assert.Equal(AppendOutcome.Appended, await storage.AppendAsync(storage.Record("-!42", 1)));
        Assert.Equal(1, storage.Scalar<long>("SELECT count(*) FROM predictions"));
    }

    [Theory]
    [InlineData("-!Zoë 日本", null)]
    [InlineData("-!42", "")]
    [InlineData("-!42", "ключ")]
    [InlineData(LongText, LongText)]
    public async Task AppendAsync_TextsOfAllKinds_AreReadBackAsTheyWere(string user, string? key)
    {
        await using var storage = await new StorageBuilder().StartAsync();
        var written = storage.Readable(user, 1) with { IdempotencyKey = key, IsEvent = true, Variant = ModelVariant.Canary };
        await storage.AppendAsync(written);

        var read = (await storage.Log.ReadAsync(written.Id))!;

        Assert.Equal((user, key, true, ModelVariant.Canary), (read.User, read.IdempotencyKey, read.IsEvent, read.Variant));
        Assert.Equal(1, await storage.Log.ReadLastSequenceAsync(user));
    }

    [Fact]
    public async Task AppendAsync_CallerLeavesDuringTheCommit_TellsWhatBecameOfItAndKeepsTheChain()
    {
        using var gate = new Gate();
        using var caller = new CancellationTokenSource();
        await using var storage = await new StorageBuilder().StartAsync();
        var record = storage.Record("-!42", 1) with { Schema = new FeatureSchema(1, new GatedNames(gate)) };
        var append = storage.Log.AppendAsync(record, caller.Token);
        await gate.Reached;

        await caller.CancelAsync();

        Assert.False(append.IsCompleted);
        gate.Open();
        Assert.Equal((AppendOutcome.Appended, false), (await append, record.Chain.IsBroken));
    }

    [Fact]
    public async Task AppendAsync_KeyTaken_IsRepeatedAndNothingIsWritten()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        await storage.AppendAsync(storage.Record("-!42", 1) with { IdempotencyKey = "k" });

        Assert.Equal(AppendOutcome.Repeated, await storage.AppendAsync(storage.Record("-!42", 2, Message("late")) with { IdempotencyKey = "k" }));

        Assert.Equal((1L, 0L), (storage.Scalar<long>("SELECT count(*) FROM predictions"), storage.Scalar<long>("SELECT count(*) FROM outbox")));
    }

    [Fact]
    public async Task AppendAsync_KeyOfAnotherUserOrModel_IsWritten()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        await storage.AppendAsync(storage.Record("-!42", 1) with { IdempotencyKey = "k" });

        Assert.Equal(AppendOutcome.Appended, await storage.AppendAsync(storage.Record("-!43", 1) with { IdempotencyKey = "k" }));
        Assert.Equal(AppendOutcome.Appended, await storage.AppendAsync(storage.Record("-!42", 2) with { IdempotencyKey = "k", Model = "other" }));
    }

    [Fact]
    public async Task ReleaseKeyAsync_KeyTaken_AnotherMayHaveIt()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        var first = storage.Readable("-!42", 1) with { IdempotencyKey = "k" };
        await storage.AppendAsync(first);

        await storage.Log.ReleaseKeyAsync(first.Id);

        var second = storage.Readable("-!42", 2) with { IdempotencyKey = "k" };
        Assert.Equal(AppendOutcome.Appended, await storage.AppendAsync(second));
        Assert.Equal(second.Id, (await storage.Log.ReadByKeyAsync("-!42", "fraud", "k"))!.Id);
        Assert.Null((await storage.Log.ReadAsync(first.Id))!.IdempotencyKey);
    }

    [Fact]
    public async Task ReadByKeyAsync_UnknownKey_IsNone()
    {
        await using var storage = await new StorageBuilder().StartAsync();

        Assert.Null(await storage.Log.ReadByKeyAsync("-!42", "fraud", "k"));
    }

    [Fact]
    public async Task ReadLatestAsync_ManyRecords_AreTheUsersLastOnesLatestFirst()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        for (var sequence = 1; sequence <= 5; sequence++) await storage.AppendAsync(storage.Readable("-!42", sequence));
        await storage.AppendAsync(storage.Readable("-!43", 9));

        var latest = await storage.Log.ReadLatestAsync("-!42", 3);

        Assert.Equal([5, 4, 3], latest.Select(record => record.Sequence));
        Assert.All(latest, record => Assert.Equal(["request.amount"], record.Schema.Names));
    }

    [Fact]
    public async Task AppendAsync_ChainBroken_IsNotWritten()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        var record = storage.Record("-!42", 1, Message("late"));
        record.Chain.Break();

        Assert.Equal(AppendOutcome.Broken, await storage.AppendAsync(record));

        Assert.Equal((0L, 0L), (storage.Scalar<long>("SELECT count(*) FROM predictions"), storage.Scalar<long>("SELECT count(*) FROM outbox")));
    }

    [Fact]
    public async Task AppendAsync_EarlierOfTheChainFailsToCommit_TheLaterOnesOfThatUserAreNotWritten()
    {
        using var gate = new Gate();
        await using var storage = await new StorageBuilder(options => options.MaxCommitSize = 1).StartAsync();
        var held = storage.Writer.EnqueueAsync(new HeldWrite(gate));
        await gate.Reached;
        var chain = new RecordChain();
        var broken = storage.AppendAsync(storage.Record("-!42", 1) with { Chain = chain, Schema = new FeatureSchema(1, new FailingNames()) });
        var later = storage.AppendAsync(storage.Record("-!42", 2) with { Chain = chain });
        var other = storage.AppendAsync(storage.Record("-!43", 1));

        gate.Open();
        await held;

        await Assert.ThrowsAsync<InferenceException>(() => broken);
        Assert.Equal((AppendOutcome.Broken, AppendOutcome.Appended), (await later, await other));
        Assert.Equal("-!43", storage.Scalar<string>("SELECT group_concat(user) FROM predictions"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AppendAsync_EarlierOfTheChainIsRefused_TheLaterOnesAreNotWritten(bool sameId)
    {
        using var gate = new Gate();
        await using var storage = await new StorageBuilder().StartAsync();
        var first = storage.Record("-!42", 1);
        await storage.AppendAsync(first);
        var held = storage.Writer.EnqueueAsync(new HeldWrite(gate));
        await gate.Reached;
        var chain = new RecordChain();
        var refused = storage.AppendAsync(storage.Record("-!42", sameId ? 2 : 1) with { Id = sameId ? first.Id : Guid.CreateVersion7(), Chain = chain });
        var later = storage.AppendAsync(storage.Record("-!42", 3) with { Chain = chain });

        gate.Open();
        await held;

        Assert.Equal((sameId ? AppendOutcome.Repeated : AppendOutcome.Superseded, AppendOutcome.Broken), (await refused, await later));
    }

    [Fact]
    public async Task AppendAsync_EarlierOfTheChainIsAbandoned_TheLaterOnesAreNotWritten()
    {
        using var gate = new Gate();
        using var caller = new CancellationTokenSource();
        await using var storage = await new StorageBuilder().StartAsync();
        var held = storage.Writer.EnqueueAsync(new HeldWrite(gate));
        await gate.Reached;
        var chain = new RecordChain();
        var abandoned = storage.Log.AppendAsync(storage.Record("-!42", 1) with { Chain = chain }, caller.Token);
        var later = storage.AppendAsync(storage.Record("-!42", 2) with { Chain = chain });

        await caller.CancelAsync();
        await Assert.ThrowsAsync<InferenceException>(() => abandoned);
        gate.Open();
        await held;

        Assert.Equal(AppendOutcome.Broken, await later);
    }

    [Fact]
    public async Task AppendAsync_QueueFull_BreaksTheChain()
    {
        using var gate = new Gate();
        await using var storage = await new StorageBuilder(options => options.MaxWaitingWrites = 1).StartAsync();
        var held = storage.Writer.EnqueueAsync(new HeldWrite(gate));
        await gate.Reached;
        var waiting = storage.AppendAsync(storage.Record("-!43", 1));
        var refused = storage.Record("-!42", 1);

        await Assert.ThrowsAsync<InferenceException>(() => storage.AppendAsync(refused));

        Assert.True(refused.Chain.IsBroken);
        gate.Open();
        await Task.WhenAll(held, waiting);
    }

    [Fact]
    public async Task WriteAsync_StoreFails_TheRecordsOfTheSameCommitAreWritten()
    {
        using var gate = new Gate();
        await using var storage = await new StorageBuilder().StartAsync();
        var held = storage.Writer.EnqueueAsync(new HeldWrite(gate));
        await gate.Reached;
        var failing = storage.Sql.WriteAsync<int>(
            async session =>
            {
                await session.Statement("INSERT INTO record_schemas VALUES (7, '[]')").ExecuteAsync();
                throw new InferenceException(InferenceErrorCode.NotFound, "on purpose");
            },
            TestContext.Current.CancellationToken);
        var record = storage.AppendAsync(storage.Record("-!42", 1));

        gate.Open();
        await held;

        Assert.Equal(InferenceErrorCode.NotFound, (await Assert.ThrowsAsync<InferenceException>(() => failing)).Code);
        Assert.Equal(AppendOutcome.Appended, await record);
        Assert.Equal(0, storage.Scalar<long>("SELECT count(*) FROM record_schemas WHERE id = 7"));
    }

    [Fact]
    public async Task ReadLastSequenceAsync_NewUser_IsZero()
    {
        await using var storage = await new StorageBuilder().StartAsync();

        Assert.Equal(0, await storage.Log.ReadLastSequenceAsync("-!42"));
    }

    [Fact]
    public async Task ReadLastSequenceAsync_RecordsWithAGap_IsTheHighestOfTheUser()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        foreach (var (user, sequence) in new[] { ("-!42", 1), ("-!42", 5), ("-!43", 9) }) await storage.AppendAsync(storage.Record(user, sequence));

        Assert.Equal(5, await storage.Log.ReadLastSequenceAsync("-!42"));
    }

    private sealed class HeldWrite(Gate gate) : SqliteWrite<int>
    {
        protected override int Apply(WriterConnection connection)
        {
            gate.Pass(CancellationToken.None);
            return 0;
        }
    }

    /// <summary>Names that cannot be written.</summary>
    private sealed class FailingNames : IReadOnlyList<string>
    {
        public int Count => 1;

        public string this[int index] => throw new InvalidOperationException("on purpose");

        public IEnumerator<string> GetEnumerator() => throw new InvalidOperationException("on purpose");

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }

    /// <summary>Names that hold the writer where it writes them.</summary>
    private sealed class GatedNames(Gate gate) : IReadOnlyList<string>
    {
        public int Count => 1;

        public string this[int index] => "name";

        public IEnumerator<string> GetEnumerator()
        {
            gate.Pass(CancellationToken.None);
            yield return "name";
        }

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
