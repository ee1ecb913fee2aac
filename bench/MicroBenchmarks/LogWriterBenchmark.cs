using System.Diagnostics.Metrics;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansInference.Grains;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;
using OrleansInference.Storage.Sql;

namespace MicroBenchmarks;

/// <summary>64 callers who each append a record to SQLite and wait until it is on disk (synchronous=FULL): what waits as one commit, and a commit for each.</summary>
[MemoryDiagnoser]
public class LogWriterBenchmark
{
    private const int Callers = 64;
    private const int RecordsEach = 8;

    private static readonly FeatureSchema Schema = FeatureSchema.Of([.. Enumerable.Range(1, 15).Select(i => $"view.feature_{i}")]);

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    // On the disk of the working directory: a memory file system would make every commit free.
    private readonly string _folder = Directory.CreateDirectory(Path.Combine(Environment.CurrentDirectory, "artifacts", $"log-{Guid.NewGuid():N}")).FullName;
    private readonly byte[] _body = new byte[256];
    private SqliteWriter? _writer;
    private SqliteRecordWriter? _log;
    private long _records;

    [GlobalSetup(Target = nameof(OneByOne))]
    public Task StartOneByOne() => StartAsync(maxCommitSize: 1);

    [GlobalSetup(Target = nameof(Grouped))]
    public Task StartGrouped() => StartAsync(new SqliteStorageOptions().MaxCommitSize);

    [Benchmark(Baseline = true, OperationsPerInvoke = Callers * RecordsEach)]
    public Task OneByOne() => Calls.RunAsync(Callers, RecordsEach, AppendAsync);

    [Benchmark(OperationsPerInvoke = Callers * RecordsEach)]
    public Task Grouped() => Calls.RunAsync(Callers, RecordsEach, AppendAsync);

    [GlobalCleanup]
    public async Task StopAsync()
    {
        await _writer!.StoppedAsync(CancellationToken.None);
        await _services.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private Task StartAsync(int maxCommitSize)
    {
        Random.Shared.NextBytes(_body);
        var database = new InferenceDatabase(Options.Create(new InferenceOptions { DataDirectory = _folder }));
        var options = Options.Create(new SqliteStorageOptions { MaxCommitSize = maxCommitSize });
        var instruments = new InferenceInstruments(_services.GetRequiredService<IMeterFactory>());
        _writer = new SqliteWriter(database, options, TimeProvider.System, instruments, NullLogger<SqliteWriter>.Instance);
        _log = new SqliteRecordWriter(_writer, new OutboxSignal());
        return _writer.StartingAsync(CancellationToken.None);
    }

    // 16 users for each caller, whose places in the log may have gaps.
    private async Task AppendAsync(int caller)
    {
        var sequence = Interlocked.Increment(ref _records);
        var outcome = await _log!.AppendAsync(Record($"-!{caller}-{sequence % 16}", sequence), CancellationToken.None);
        if (outcome is not AppendOutcome.Appended) throw new InvalidOperationException($"The record was not appended but {outcome}.");
    }

    private PredictionRecord Record(string user, long sequence) => new()
    {
        Id = Guid.CreateVersion7(),
        User = user,
        Sequence = sequence,
        Model = "fraud",
        Version = 1,
        CreatedAt = DateTimeOffset.UtcNow,
        Schema = Schema,
        Body = _body,
        Messages = [],
    };
}
