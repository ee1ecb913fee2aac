using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansInference.Grains;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;
using OrleansInference.Storage.Sql;

namespace OrleansInference.DurablePredictions;

/// <summary>The log without silo and model: callers who each append a record and wait until it is on disk.</summary>
internal sealed class LogAlone : IAsyncDisposable
{
    private const int UsersEach = 16;

    private static readonly FeatureSchema Schema = FeatureSchema.Of([.. Enumerable.Range(1, 15).Select(i => $"view.feature_{i}")]);

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly byte[] _body = new byte[256];
    private readonly SqliteWriter _writer;
    private readonly SqliteRecordWriter _log;
    private long _records;

    private LogAlone(string folder)
    {
        Random.Shared.NextBytes(_body);
        var database = new InferenceDatabase(Options.Create(new InferenceOptions { DataDirectory = folder }));
        var instruments = new InferenceInstruments(_services.GetRequiredService<IMeterFactory>());
        _writer = new SqliteWriter(database, Options.Create(new SqliteStorageOptions()), TimeProvider.System, instruments, NullLogger<SqliteWriter>.Instance);
        _log = new SqliteRecordWriter(_writer, new OutboxSignal());
    }

    public static async Task<LogAlone> StartAsync(TemporaryFolder folder)
    {
        var log = new LogAlone(Directory.CreateDirectory(Path.Combine(folder.Path, "alone")).FullName);
        await log._writer.StartingAsync(CancellationToken.None);
        return log;
    }

    /// <summary>All CPU of the process counts, the callers' own included.</summary>
    public async Task<Turn> RunAsync(int callers, TimeSpan turn)
    {
        var (startedAt, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var records = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => AppendAsync(caller, startedAt, turn))));
        var elapsed = Stopwatch.GetElapsedTime(startedAt);
        var all = records.Sum();
        return new Turn(all / elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / all);
    }

    public async ValueTask DisposeAsync()
    {
        await _writer.StoppedAsync(CancellationToken.None);
        await _services.DisposeAsync();
    }

    private async Task<long> AppendAsync(int caller, long startedAt, TimeSpan turn)
    {
        // As a prediction has one.
        using var deadline = new CancellationTokenSource();
        long records = 0;
        for (; Stopwatch.GetElapsedTime(startedAt) < turn; records++)
        {
            var outcome = await _log.AppendAsync(Record($"-!{caller}-{records % UsersEach}", Interlocked.Increment(ref _records)), deadline.Token);
            if (outcome is not AppendOutcome.Appended) throw new InvalidOperationException($"The record was not appended but {outcome}.");
        }

        return records;
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
