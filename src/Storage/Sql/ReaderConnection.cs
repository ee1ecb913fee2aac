using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansInference.Storage.Sql;

/// <summary>A read-only connection. One reader thread only.</summary>
internal sealed partial class ReaderConnection : SqliteSession
{
    // SQLite asks this often whether to go on: some microseconds of work. Unlike sqlite3_interrupt, which only reaches the
    // statement that runs at that instant, it cannot come between two statements and be lost.
    private const int InstructionsBetweenChecks = 1_000;

    public ReaderConnection(string connectionString)
        : base(Open(connectionString)) =>
        raw.sqlite3_progress_handler(Connection.Handle, InstructionsBetweenChecks, _ => Deadline.IsCancellationRequested ? 1 : 0, null);

    // SQLITE_FCNTL_HAS_MOVED: one look at the name's entry in its folder.
    private const int FcntlHasMoved = 20;

    /// <summary>When this is cancelled, the statement that runs fails with SQLITE_INTERRUPT, and so does every further one.</summary>
    public CancellationToken Deadline { get; set; }

    /// <summary>
    /// Whether another file, or none, has the name by now: whoever publishes a database puts a new file in the old one's place, and the
    /// connection reads on in the old one. Windows lets nobody replace a file that is open.
    /// </summary>
    public bool HasMoved() => FileControl(Connection.Handle!.DangerousGetHandle(), "main", FcntlHasMoved, out var moved) == raw.SQLITE_OK && moved != 0;

    private static SqliteConnection Open(string connectionString)
    {
        // The driver's own loop around a busy database counts in seconds; 1 is its shortest.
        var settings = new SqliteConnectionStringBuilder(connectionString) { Mode = SqliteOpenMode.ReadOnly, Pooling = false, DefaultTimeout = 1 };
        var connection = new SqliteConnection(settings.ConnectionString);
        connection.Open();
        return connection;
    }

    // The driver's binding does not have it.
    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_file_control", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int FileControl(nint database, string name, int operation, out int answer);
}
