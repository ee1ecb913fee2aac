using System.Runtime.ExceptionServices;

namespace OrleansInference.Storage.Sql;

/// <summary>The embedded database to the stores: reads on the reader threads, writes as a part of the writer's next commit.</summary>
internal sealed class SqliteDatabase(SqliteWriter writer, SqliteReaders readers, InferenceDatabase database) : SqlDatabase
{
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(5);

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

    /// <summary>Writes the write-ahead log into the file and empties it: deleted rows stand in both until then.</summary>
    public override Task ScrubAsync(CancellationToken cancellationToken) =>
        readers.ReadAsync(database.ConnectionString, _ => database.Checkpoint(), ReadTimeout).WaitAsync(cancellationToken);
}
