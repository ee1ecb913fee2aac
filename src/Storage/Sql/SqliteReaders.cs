using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using OrleansInference.Grains;

namespace OrleansInference.Storage.Sql;

/// <summary>The threads that read SQLite: its calls block, so no grain or pool thread makes them.</summary>
/// <remarks>
/// Promises: bounded by MaxWaitingReads; first in, first out; a read that takes longer than its timeout is interrupted; one
/// that waited that long is not begun; a read sees the file that has the name when it begins.
/// Threads: any thread enqueues. _gate guards _waiting and _stopping; each thread has connections of its own.
/// </remarks>
internal sealed class SqliteReaders : IDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private readonly Queue<Read> _waiting = new();
    private readonly Thread[] _threads;
    private readonly SqliteStorageOptions _options;
    private readonly TimeProvider _time;
    private bool _stopping;

    /// <summary>The threads of feature views.</summary>
    public SqliteReaders(IOptions<SqliteStorageOptions> options, TimeProvider time)
        : this(options, time, "sqlite-reader", options.Value.ReaderThreads)
    {
    }

    private SqliteReaders(IOptions<SqliteStorageOptions> options, TimeProvider time, string name, int threads)
    {
        _options = options.Value;
        _time = time;
        _threads = [.. Enumerable.Range(0, threads).Select(i => new Thread(Run) { Name = $"{name}-{i}", IsBackground = true })];
        foreach (var thread in _threads) thread.Start();
    }

    /// <summary>Threads of the log's own: a team's slow feature query must hold up no user's journal.</summary>
    public static SqliteReaders ForLog(IOptions<SqliteStorageOptions> options, TimeProvider time) => new(options, time, "sqlite-log-reader", options.Value.LogReaderThreads);

    /// <summary>Runs <paramref name="read"/> on a reader thread.</summary>
    /// <exception cref="InferenceException">StorageUnavailable: the queue is full, or the database is gone, locked or too slow.</exception>
    public Task<T> ReadAsync<T>(string connectionString, Func<ReaderConnection, T> read, TimeSpan timeout)
    {
        var pending = new Read<T>(connectionString, read, timeout, _time);
        lock (_gate)
        {
            if (_stopping) throw Unavailable("the program is stopping");
            if (_waiting.Count >= _options.MaxWaitingReads)
                throw Unavailable($"its queue is full (Inference:Sqlite:MaxWaitingReads = {_options.MaxWaitingReads})");
            _waiting.Enqueue(pending);
            Monitor.Pulse(_gate);
        }

        return pending.Completion;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.PulseAll(_gate);
        }

        foreach (var thread in _threads) thread.Join();
    }

    private void Run()
    {
        var connections = new Dictionary<string, ReaderConnection>();
        while (TryTake(out var read)) read.Execute(connections);
        foreach (var connection in connections.Values) connection.Dispose();
    }

    private bool TryTake(out Read read)
    {
        lock (_gate)
        {
            while (_waiting.Count == 0 && !_stopping) Monitor.Wait(_gate);
            return _waiting.TryDequeue(out read!);
        }
    }

    private static InferenceException Unavailable(string why) =>
        new(InferenceErrorCode.StorageUnavailable, $"The database could not be read: {why.TrimEnd('.')}. Retry.", RetryAfter);

    private abstract class Read
    {
        public abstract void Execute(Dictionary<string, ReaderConnection> connections);
    }

    private sealed class Read<T>(string connectionString, Func<ReaderConnection, T> read, TimeSpan timeout, TimeProvider time) : Read
    {
        private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly long _enqueuedAt = time.GetTimestamp();

        public Task<T> Completion => _completion.Task;

        public override void Execute(Dictionary<string, ReaderConnection> connections)
        {
            try
            {
                var left = timeout - time.GetElapsedTime(_enqueuedAt);
                if (left <= TimeSpan.Zero) throw Unavailable($"it waited {timeout} for a thread (Inference:Sqlite:ReaderThreads)");
                _completion.TrySetResult(ReadWithin(left, connections));
            }
            catch (Exception e)
            {
                // Whatever went wrong, the caller's wait ends and the thread lives on.
                _completion.TrySetException(e is SqliteException ? Unavailable(e.Message) : e);
            }
        }

        private T ReadWithin(TimeSpan left, Dictionary<string, ReaderConnection> connections)
        {
            if (connections.TryGetValue(connectionString, out var connection) && connection.HasMoved())
            {
                connections.Remove(connectionString);
                connection.Dispose();
                connection = null;
            }

            if (connection is null) connections.Add(connectionString, connection = new ReaderConnection(connectionString));
            try
            {
                using var deadline = new CancellationTokenSource(left, time);
                connection.Deadline = deadline.Token;
                return read(connection);
            }
            catch (SqliteException)
            {
                // The next read begins with a new connection, in case it was the connection.
                connections.Remove(connectionString);
                connection.Dispose();
                throw;
            }
        }
    }
}
