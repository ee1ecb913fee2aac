using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansInference.Grains;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Storage.Sql;
using UnitTests.Fakes;

namespace UnitTests.Storage;

public sealed class WalCheckpointsTests
{
    private const int Enough = 20_000;

    [Fact]
    public async Task OnCommitted_CommitsGoOn_TheLogBeginsAnewTimeAndAgain()
    {
        await using var storage = await new StorageBuilder(options => options.CheckpointPages = 64).StartAsync();
        await storage.AppendAsync(storage.Record("-!42", 1));

        var records = await WriteUntilAsync(storage, begun: 5);

        Assert.Equal((records, "ok"), (storage.Scalar<long>("SELECT count(*) FROM predictions"), storage.Scalar<string>("PRAGMA integrity_check")));
    }

    [Fact]
    public async Task OnCommitted_ReaderNeedsTheLog_CommitsGoOnAndItBeginsAnewAfterwards()
    {
        await using var storage = await new StorageBuilder(options => options.CheckpointPages = 16).StartAsync();
        await storage.AppendAsync(storage.Record("-!42", 1));
        var before = Salt(storage);
        using (var reader = storage.Read())
        {
            for (var i = 2; i <= 200; i++) Assert.Equal(AppendOutcome.Appended, await storage.AppendAsync(storage.Record("-!42", i)));
            Assert.Equal(before, Salt(storage));
        }

        await WriteUntilAsync(storage, begun: 1);
    }

    [Fact]
    public async Task StoppedAsync_CopyUnderWay_LosesNothing()
    {
        await using var storage = await new StorageBuilder(options => options.CheckpointPages = 16).StartAsync();
        await Task.WhenAll(Enumerable.Range(1, 500).Select(i => storage.AppendAsync(storage.Record($"-!{i}", 1))));

        await storage.StopAsync();

        Assert.Equal((500L, "ok"), (storage.Scalar<long>("SELECT count(*) FROM predictions"), storage.Scalar<string>("PRAGMA integrity_check")));
    }

    [Fact]
    public async Task OnCommitted_CopyFails_IsCountedAndTheNextOneIsTried()
    {
        await using var storage = await new StorageBuilder().StartAsync();
        using var metrics = new RecordedMetrics();
        var elsewhere = new InferenceDatabase(Options.Create(new InferenceOptions { DataDirectory = storage.PathOf("missing") }));
        var checkpoints = new WalCheckpoints(elsewhere, Options.Create(new SqliteStorageOptions { CheckpointPages = 1 }), metrics.Instruments, NullLogger.Instance);
        using (var connection = new WriterConnection(storage.Database.ConnectionString, TimeSpan.FromSeconds(1)))
        {
            for (var i = 0; i < 2; i++)
            {
                connection.Execute($"INSERT INTO record_schemas VALUES ({i}, '[]')");
                checkpoints.OnCommitted(connection);
                checkpoints.Stop();

                // The writer's own copy comes after it.
                checkpoints.OnCommitted(connection);
            }
        }

        Assert.Equal([1, 1], metrics.Values("inference.log.checkpoint.failures"));
    }

    // How many records it took until the log had begun anew so often.
    private static async Task<long> WriteUntilAsync(StorageBuilder storage, int begun)
    {
        var records = storage.Scalar<long>("SELECT count(*) FROM predictions");
        for (var salt = Salt(storage); begun > 0; records++)
        {
            Assert.InRange(records, 0, Enough);
            Assert.Equal(AppendOutcome.Appended, await storage.AppendAsync(storage.Record("-!42", records + 1)));
            if (Salt(storage) == salt) continue;
            begun--;
            salt = Salt(storage);
        }

        return records;
    }

    // In the log's header, and another one each time that it begins anew.
    private static int Salt(StorageBuilder storage)
    {
        using var file = new FileStream($"{storage.Database.File}-wal", FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var header = new byte[32];
        return file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length ? 0 : BitConverter.ToInt32(header, 16);
    }
}
