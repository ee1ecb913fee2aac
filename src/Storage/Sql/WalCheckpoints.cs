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
/// Threads: the writer's thread calls; each copy has a thread and a connection of its own, and no two run at once.
/// </remarks>
internal sealed partial class WalCheckpoints(InferenceDatabase database, IOptions<SqliteStorageOptions> options, InferenceInstruments instruments, ILogger logger)
{
    private const string Checkpoint = "PRAGMA wal_checkpoint(PASSIVE)";

    // Of a log's pages: what the writer copies in some milliseconds.
    private const int LittleIs = 64;

    // Commits that are quicker than the disk are held up in the end: the log must not grow for ever.
    private const int MaxCopies = 8;

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

    /// <summary>Waits for a copy that is under way.</summary>
    public void Stop()
    {
        _copy?.Wait();
        _file?.Dispose();
    }

    private void BeginCopy()
    {
        _pages = 0;
        _copies++;
        _copy = Task.Factory.StartNew(Copy, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private void EndCopy(WriterConnection connection)
    {
        if (_pages > options.Value.CheckpointPages / LittleIs && _copies < MaxCopies)
        {
            BeginCopy();
            return;
        }

        Try(() => connection.Execute(Checkpoint));
        (_copy, _copies, _pages) = (null, 0, 0);
    }

    private void Copy() => Try(() =>
    {
        using var connection = new SqliteConnection(database.ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = Checkpoint;
        command.ExecuteNonQuery();

        // SQLite syncs the file only when it has copied all, and then the writer would wait for every page that was copied here.
        // Held open: closing any handle of a file ends the locks that SQLite has on it in this process.
        _file ??= File.OpenHandle(database.File, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        RandomAccess.FlushToDisk(_file);
    });

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
