using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Win32.SafeHandles;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Storage.Sql;

/// <summary>Copies the write-ahead log into the database beside the commits, which would stand still for it otherwise.</summary>
/// <remarks>
/// The log begins anew only when all of it has been copied, and commits go on meanwhile. So copies follow each other until little is
/// left, and that the writer copies itself, between two commits.
/// Threads: the writer's thread calls, but for <see cref="CopyAsync"/>; each copy has a thread and a connection of its own, and no two
/// run at once: _copying guards _file and is held for the time of a copy.
/// </remarks>
internal sealed partial class WalCheckpoints(InferenceDatabase database, IOptions<SqliteStorageOptions> options, InferenceInstruments instruments, ILogger logger)
{
    private const string Checkpoint = "PRAGMA wal_checkpoint(PASSIVE)";

    // Of a log's pages: what the writer copies in some milliseconds.
    private const int LittleIs = 64;

    // Commits that are quicker than the disk are held up in the end: the log must not grow for ever.
    private const int MaxCopies = 8;

    private readonly Lock _copying = new();
    private SafeFileHandle? _file;
    private Task? _copy;
    private int _copies;
    private long _pages;

    /// <summary>Called after each commit.</summary>
    public void OnCommitted(WriterConnection connection)
    {
        _pages += connection.TakePagesWritten();
        if (_copy is null && _pages >= options.Value.CheckpointPages) BeginCopy();
        else if (_copy is { IsCompleted: true }) EndCopy(connection);
    }

    /// <summary>Copies beside the commits until little of the log is left; from any thread.</summary>
    public Task CopyAsync() => Task.Factory.StartNew(CopyMost, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Copies what is left and empties the log's file, between two commits; false where a reader or a copy is in the way.</summary>
    public bool TryEmpty(WriterConnection connection)
    {
        if (_copy is { IsCompleted: false }) return false;
        var isEmpty = false;
        Try(() => isEmpty = connection.TryEmptyLog());
        if (isEmpty) (_copy, _copies, _pages) = (null, 0, 0);
        return isEmpty;
    }

    /// <summary>Waits for a copy that is under way.</summary>
    public void Stop()
    {
        _copy?.Wait();
        lock (_copying) _file?.Dispose();
    }

    private void BeginCopy()
    {
        _pages = 0;
        _copies++;
        _copy = Task.Factory.StartNew(() => Try(() => Copy()), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private void EndCopy(WriterConnection connection)
    {
        if (_pages > Little && _copies < MaxCopies)
        {
            BeginCopy();
            return;
        }

        Try(() => connection.Execute(Checkpoint));
        (_copy, _copies, _pages) = (null, 0, 0);
    }

    private int Little => options.Value.CheckpointPages / LittleIs;

    private void CopyMost() => Try(() =>
    {
        for (var copies = 1; Copy() > Little && copies < MaxCopies; copies++)
        {
        }
    });

    // How many pages of the log are not in the file when this ends.
    private long Copy()
    {
        lock (_copying)
        {
            using var connection = new SqliteConnection(database.ConnectionString);
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = Checkpoint;
            var left = Read(command);

            // SQLite syncs the file only when it has copied all, and then the writer would wait for every page that was copied here.
            // Held open: closing any handle of a file ends the locks that SQLite has on it in this process.
            _file ??= File.OpenHandle(database.File, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            RandomAccess.FlushToDisk(_file);
            return left;
        }
    }

    private static long Read(SqliteCommand checkpoint)
    {
        using var row = checkpoint.ExecuteReader();
        return row.Read() ? row.GetInt64(1) - row.GetInt64(2) : 0;
    }

    // The commits are on disk, in the log. What is not copied now is copied the next time.
    private void Try(Action copy)
    {
        try
        {
            copy();
        }
        catch (Exception e) when (e is SqliteException or IOException)
        {
            instruments.OnCheckpointFailed();
            LogCheckpointFailed(e, database.File);
        }
    }

    [LoggerMessage(EventIds.LogCheckpointFailed, LogLevel.Warning, "The write-ahead log of {File} could not be copied into it, and grows until that succeeds; see that the disk has room and takes writes")]
    private partial void LogCheckpointFailed(Exception cause, string file);
}
