using System.Runtime.ExceptionServices;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Storage.Sql;

/// <summary>The embedded database to the stores: reads on the reader threads, writes as a part of the writer's next commit.</summary>
internal sealed class SqliteDatabase(SqliteWriter writer, SqliteReaders readers, InferenceDatabase database, InferenceInstruments instruments, TimeProvider time) : SqlDatabase
{
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>How long to try to empty the write-ahead log. Default: 10 s, since a read of ours may need it for half of that.</summary>
    public TimeSpan ScrubTimeout { get; init; } = TimeSpan.FromSeconds(10);

    public override Task<T> ReadAsync<T>(Func<SqlSession, ValueTask<T>> read, CancellationToken cancellationToken = default) =>
        readers.ReadAsync(database.ConnectionString, connection => connection.Run(read), ReadTimeout).WaitAsync(cancellationToken);

    public override async Task<T> WriteAsync<T>(Func<SqlSession, ValueTask<T>> write, CancellationToken cancellationToken = default)
    {
        var pending = new StoreWrite<T>(write);
        var commit = writer.EnqueueAsync(pending);
        try
        {
            var (answer, fault) = await commit.WaitAsync(cancellationToken);
            if (fault is not null) ExceptionDispatchInfo.Throw(fault);
            return answer!;
        }
        catch (OperationCanceledException)
        {
            pending.TryAbandon();
            throw;
        }
    }

    /// <summary>Empties the write-ahead log, with commits and reads going on: deleted rows stand in it until then.</summary>
    public override async Task ScrubAsync(CancellationToken cancellationToken)
    {
        var startedAt = time.GetTimestamp();
        while (!await writer.TryEmptyLogAsync().WaitAsync(cancellationToken))
        {
            if (time.GetElapsedTime(startedAt) >= ScrubTimeout) throw NotScrubbed();
            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private InferenceException NotScrubbed()
    {
        instruments.OnScrubFailed();
        return new InferenceException(
            InferenceErrorCode.StorageUnavailable,
            $"What was deleted is in no row any more, but still in {database.File}-wal, which could not be emptied within {ScrubTimeout}: something reads the database all the time. End what reads it, such as a backup or an open shell, and repeat the call.",
            RetryAfter);
    }
}
