using System.Text;
using OrleansInference;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Storage.Sql;
using static UnitTests.Storage.StorageBuilder;

namespace UnitTests.Storage;

/// <summary>An erased user is in no row, and in no byte of the files.</summary>
public sealed class SqlErasureTests : IAsyncLifetime
{
    private const string User = "-!conspicuous-user";

    private readonly StorageBuilder _storage = new();
    private readonly SqlErasure _erasure;

    public SqlErasureTests() => _erasure = new SqlErasure(_storage.Sql);

    public async ValueTask InitializeAsync() => await _storage.StartAsync();

    public ValueTask DisposeAsync() => _storage.DisposeAsync();

    [Fact]
    public async Task DeleteAsync_UserWithRecordsAndMessages_LeavesTheOthersOnly()
    {
        await AppendAsync(User, records: 3);
        await AppendAsync("-!43", records: 2);

        var (predictions, messages) = await _erasure.DeleteAsync(User, TestContext.Current.CancellationToken);

        Assert.Equal((3, 3), (predictions, messages));
        Assert.Equal("-!43,-!43", _storage.Scalar<string>("SELECT group_concat(user) FROM predictions"));
        Assert.Equal("-!43,-!43", _storage.Scalar<string>("SELECT group_concat(user) FROM outbox"));
    }

    [Fact]
    public async Task DeleteAsync_MoreThanOneBatch_LeavesNothing()
    {
        await AppendAsync(User, records: 1_201);

        var (predictions, messages) = await _erasure.DeleteAsync(User, TestContext.Current.CancellationToken);

        Assert.Equal((1_201, 1_201, 0L), (predictions, messages, _storage.Scalar<long>("SELECT count(*) FROM predictions")));
    }

    [Fact]
    public async Task DeleteAsync_Done_LeavesNoByteInTheFiles()
    {
        await AppendAsync(User, records: 50);
        Assert.True(FilesHold(User));

        await _erasure.DeleteAsync(User, TestContext.Current.CancellationToken);

        Assert.False(FilesHold(User));
    }

    // Commits come one after the other, a reader is always there, and the log is copied all the time.
    [Fact]
    public async Task DeleteAsync_WriterAndReadersAreBusy_LeavesNoByteInTheFilesAndFailsNoCommit()
    {
        await using var storage = await new StorageBuilder(options => options.CheckpointPages = 64).StartAsync();
        await AppendAsync(storage, User, records: 50);
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Factory.StartNew(() => ReadUntil(storage, stop.Token), TaskCreationOptions.LongRunning)).ToArray();
        var writers = Enumerable.Range(0, 8).Select(i => WriteUntilAsync(storage, $"-!{i}", stop.Token)).ToArray();

        var (predictions, _) = await new SqlErasure(storage.Sql).DeleteAsync(User, TestContext.Current.CancellationToken);

        var isHeld = FilesHold(storage, User);
        await stop.CancelAsync();
        await Task.WhenAll([.. readers, .. writers]);
        Assert.Equal((50, false), (predictions, isHeld));
        Assert.Empty(storage.Metrics.Values("inference.log.scrub.failures"));
        Assert.Equal("ok", storage.Scalar<string>("PRAGMA integrity_check"));
    }

    [Fact]
    public async Task DeleteAsync_ReaderNeverEnds_SaysThatTheLogHoldsTheUserUntilItIsRepeated()
    {
        await using var storage = await new StorageBuilder(scrubTimeout: TimeSpan.FromMilliseconds(100)).StartAsync();
        await AppendAsync(storage, User, records: 3);
        var erasure = new SqlErasure(storage.Sql);
        using (storage.Read())
        {
            var failure = await Assert.ThrowsAsync<InferenceException>(() => erasure.DeleteAsync(User, TestContext.Current.CancellationToken));

            Assert.Equal(InferenceErrorCode.StorageUnavailable, failure.Code);
            Assert.Contains("inference.db-wal, which could not be emptied within 00:00:00.1000000", failure.Message, StringComparison.Ordinal);
            Assert.Equal([1], storage.Metrics.Values("inference.log.scrub.failures"));

            // Nobody else waits for that reader.
            await AppendAsync(storage, "-!43", records: 1);
        }

        await erasure.DeleteAsync(User, TestContext.Current.CancellationToken);

        Assert.False(FilesHold(storage, User));
    }

    [Fact]
    public async Task PseudonymiseAsync_UserWithRecordsAndMessages_KeepsTheRecordsUnderTheOtherName()
    {
        await _storage.AppendAsync(_storage.Record(User, 1, Message("a")) with { IdempotencyKey = "order of a conspicuous user" });
        await _storage.AppendAsync(_storage.Record(User, 2));

        var (predictions, messages) = await _erasure.PseudonymiseAsync(User, "-!erased-7", TestContext.Current.CancellationToken);

        Assert.Equal((2, 1), (predictions, messages));
        Assert.Equal("-!erased-7 1,-!erased-7 2", _storage.Scalar<string>("SELECT group_concat(user || ' ' || seq) FROM predictions"));
        Assert.Equal((0L, 0L), (_storage.Scalar<long>("SELECT count(request_key) FROM predictions"), _storage.Scalar<long>("SELECT count(*) FROM outbox")));
        Assert.False(FilesHold("conspicuous"));
    }

    [Fact]
    public async Task DeleteAsync_UnknownUser_RemovesNothing() =>
        Assert.Equal((0, 0), await _erasure.DeleteAsync("-!nobody", TestContext.Current.CancellationToken));

    private Task AppendAsync(string user, int records) => AppendAsync(_storage, user, records);

    private static async Task AppendAsync(StorageBuilder storage, string user, int records)
    {
        var appends = Enumerable.Range(1, records).Select(sequence => storage.AppendAsync(storage.Record(user, sequence, Message($"{user}-{sequence}"))));
        Assert.All(await Task.WhenAll(appends), outcome => Assert.Equal(AppendOutcome.Appended, outcome));
    }

    private static async Task WriteUntilAsync(StorageBuilder storage, string user, CancellationToken stop)
    {
        for (var sequence = 1; !stop.IsCancellationRequested; sequence++) Assert.Equal(AppendOutcome.Appended, await storage.AppendAsync(storage.Record(user, sequence)));
    }

    private static void ReadUntil(StorageBuilder storage, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested) storage.Read().Dispose();
    }

    private bool FilesHold(string text) => FilesHold(_storage, text);

    private static bool FilesHold(StorageBuilder storage, string text) => Directory.EnumerateFiles(storage.PathOf("")).Any(file => Holds(file, Encoding.UTF8.GetBytes(text)));

    private static bool Holds(string file, byte[] text)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray().AsSpan().IndexOf(text) >= 0;
    }
}
