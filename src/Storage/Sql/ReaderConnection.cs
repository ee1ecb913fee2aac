using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansInference.Storage.Sql;

/// <summary>A read-only connection. One reader thread only.</summary>
internal sealed class ReaderConnection : SqliteSession
{
    // SQLite asks this often whether to go on: some microseconds of work. Unlike sqlite3_interrupt, which only reaches the
    // statement that runs at that instant, it cannot come between two statements and be lost.
    private const int InstructionsBetweenChecks = 1_000;

    public ReaderConnection(string connectionString)
        : base(Open(connectionString)) =>
        raw.sqlite3_progress_handler(Connection.Handle, InstructionsBetweenChecks, _ => Deadline.IsCancellationRequested ? 1 : 0, null);

    /// <summary>When this is cancelled, the statement that runs fails with SQLITE_INTERRUPT, and so does every further one.</summary>
    public CancellationToken Deadline { get; set; }

    private static SqliteConnection Open(string connectionString)
    {
        // The driver's own loop around a busy database counts in seconds; 1 is its shortest.
        var settings = new SqliteConnectionStringBuilder(connectionString) { Mode = SqliteOpenMode.ReadOnly, Pooling = false, DefaultTimeout = 1 };
        var connection = new SqliteConnection(settings.ConnectionString);
        connection.Open();
        return connection;
    }
}
