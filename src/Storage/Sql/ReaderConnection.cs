using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansInference.Storage.Sql;

/// <summary>A read-only connection with its prepared statements. One reader thread only.</summary>
internal sealed class ReaderConnection : IDisposable
{
    // SQLite asks this often whether to go on: some microseconds of work. Unlike sqlite3_interrupt, which only reaches the
    // statement that runs at that instant, it cannot come between two statements and be lost.
    private const int InstructionsBetweenChecks = 1_000;

    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteCommand> _commands = [];

    public ReaderConnection(string connectionString)
    {
        // The driver's own loop around a busy database counts in seconds; 1 is its shortest.
        var settings = new SqliteConnectionStringBuilder(connectionString) { Mode = SqliteOpenMode.ReadOnly, Pooling = false, DefaultTimeout = 1 };
        _connection = new SqliteConnection(settings.ConnectionString);
        _connection.Open();
        raw.sqlite3_progress_handler(_connection.Handle, InstructionsBetweenChecks, _ => Deadline.IsCancellationRequested ? 1 : 0, null);
    }

    /// <summary>When this is cancelled, the statement that runs fails with SQLITE_INTERRUPT, and so does every further one.</summary>
    public CancellationToken Deadline { get; set; }

    /// <summary>A prepared statement; the same object for the same text.</summary>
    public SqliteCommand Command(string sql)
    {
        if (_commands.TryGetValue(sql, out var command)) return command;
        command = _connection.CreateCommand();
        command.CommandText = sql;
        _commands.Add(sql, command);
        return command;
    }

    public void Dispose()
    {
        foreach (var command in _commands.Values) command.Dispose();
        _connection.Dispose();
    }
}
