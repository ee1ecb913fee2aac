using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansInference.Grains;
using OrleansInference.Grains.Diagnostics;
using SQLitePCL;

namespace OrleansInference.Storage.Sql;

/// <summary>The only connection that writes, on a thread of its own: whatever waits becomes one commit.</summary>
/// <remarks>
/// Promises: bounded by MaxWaitingWrites; first in, first out; a write completes after its commit is on disk (WAL,
/// synchronous=FULL); an idle writer commits at once, a busy one gathers meanwhile; if a commit fails, all of its writes fail.
/// Threads: any thread enqueues; the writer's thread alone touches the connection. _gate guards _waiting and _stopping and is
/// held for list work only.
/// </remarks>
internal sealed partial class SqliteWriter(
    InferenceDatabase database,
    IOptions<SqliteStorageOptions> options,
    TimeProvider time,
    InferenceInstruments instruments,
    ILogger<SqliteWriter> logger) : IHostedLifecycleService
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private readonly Queue<SqliteWrite> _waiting = new();
    private readonly WalCheckpoints _checkpoints = new(database, options, instruments, logger);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _stopping;
    private Thread? _thread;

    /// <summary>Adds a write; its task completes when it is on disk.</summary>
    /// <exception cref="InferenceException">StorageUnavailable, here or through the task.</exception>
    public Task<T> EnqueueAsync<T>(SqliteWrite<T> write)
    {
        lock (_gate)
        {
            if (_stopping || _thread is null) throw Unavailable("the program is stopping");
            if (_waiting.Count >= options.Value.MaxWaitingWrites)
                throw Unavailable($"its queue is full (Inference:Sqlite:MaxWaitingWrites = {options.Value.MaxWaitingWrites})");

            _waiting.Enqueue(write);
            Monitor.Pulse(_gate);
        }

        return write.Completion;
    }

    /// <summary>A setting of the writer's own connection, asked on its thread.</summary>
    public Task<string> ReadPragmaAsync(string name) => EnqueueAsync(new PragmaWrite(name));

    /// <summary>
    /// Lets go of every byte of the write-ahead log: copies it beside the commits until little is left, and the rest between two commits.
    /// False where a reader or another copy was in the way.
    /// </summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public async Task<bool> TryEmptyLogAsync()
    {
        await _checkpoints.CopyAsync();
        var emptying = new LogEmptying(_checkpoints);
        await EnqueueAsync(emptying);
        return await emptying.Emptied;
    }

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        database.Migrate();
        _thread = new Thread(Run) { Name = "sqlite-writer", IsBackground = true };
        _thread.Start();
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Commits what still waits, after everything that could add more has stopped.</summary>
    /// <remarks>A disk that hangs does not hold the program: nobody has an answer to what is not on it by then.</remarks>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.Pulse(_gate);
        }

        if (_thread is null) return;
        await _ended.Task.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_ended.Task.IsCompleted) LogWritesPending(database.File);
    }

    private void Run()
    {
        var batch = new List<SqliteWrite>();
        WriterConnection? connection = null;
        while (TryTake(batch)) Commit(batch, ref connection);
        connection?.Dispose();
        _checkpoints.Stop();
        _ended.SetResult();
    }

    private bool TryTake(List<SqliteWrite> batch)
    {
        batch.Clear();
        lock (_gate)
        {
            while (_waiting.Count == 0 && !_stopping) Monitor.Wait(_gate);
            while (batch.Count < options.Value.MaxCommitSize && _waiting.TryDequeue(out var write))
            {
                // A write whose caller has gone is not begun.
                if (write.TryBegin()) batch.Add(write);
            }

            return batch.Count > 0 || _waiting.Count > 0 || !_stopping;
        }
    }

    private void Commit(List<SqliteWrite> batch, ref WriterConnection? connection)
    {
        if (batch.Count == 0) return;
        var startedAt = time.GetTimestamp();
        try
        {
            connection ??= new WriterConnection(database.ConnectionString, options.Value.BusyTimeout);
            connection.Commit(batch);
        }
        catch (Exception e)
        {
            // A lock passes; anything else may have left the connection in a state that only a new one is sure not to have.
            if (e is not SqliteException { SqliteErrorCode: raw.SQLITE_BUSY })
            {
                connection?.Dispose();
                connection = null;
            }

            Fail(batch, e);
            return;
        }

        instruments.OnCommitted(batch.Count, time.GetElapsedTime(startedAt));
        foreach (var write in batch) write.Succeed();
        foreach (var write in batch) write.AfterCommit(connection);
        _checkpoints.OnCommitted(connection);
    }

    private void Fail(List<SqliteWrite> batch, Exception cause)
    {
        instruments.OnCommitFailed();
        LogCommitFailed(cause, batch.Count);
        var failure = Unavailable(cause.Message);
        foreach (var write in batch) write.Fail(failure);
    }

    private static InferenceException Unavailable(string why) => new(
        InferenceErrorCode.StorageUnavailable, $"The database did not take the write: {why.TrimEnd('.')}. Nothing was recorded; a retry is safe.", RetryAfter);

    [LoggerMessage(EventIds.LogCommitFailed, LogLevel.Error, "A commit of {Writes} writes failed; their callers were told to retry")]
    private partial void LogCommitFailed(Exception cause, int writes);

    [LoggerMessage(EventIds.LogWritesPending, LogLevel.Warning, "The last writes to {File} had not ended when the time to stop was over (Inference:Shutdown:Timeout); see whether its disk still answers")]
    private partial void LogWritesPending(string file);

    // Its own commit is empty: it has a turn like every other write.
    private sealed class LogEmptying(WalCheckpoints checkpoints) : SqliteWrite<bool>
    {
        private readonly TaskCompletionSource<bool> _emptied = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<bool> Emptied => _emptied.Task;

        public override void AfterCommit(WriterConnection connection) => _emptied.TrySetResult(checkpoints.TryEmpty(connection));

        protected override bool Apply(WriterConnection connection) => true;
    }

    private sealed class PragmaWrite(string name) : SqliteWrite<string>
    {
        protected override string Apply(WriterConnection connection) =>
            Convert.ToString(connection.Prepared($"PRAGMA {name}").ExecuteScalar(), CultureInfo.InvariantCulture) ?? "";
    }
}
