using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansInference.Storage.Sql;

/// <summary>A read-only connection with its prepared statements. One reader thread only.</summary>
internal sealed class ReaderConnection : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteCommand> _commands = [];

    public ReaderConnection(string connectionString)
    {
        // The driver's own loop around a busy database counts in seconds; 1 is its shortest.
        var settings = new SqliteConnectionStringBuilder(connectionString) { Mode = SqliteOpenMode.ReadOnly, Pooling = false, DefaultTimeout = 1 };
        _connection = new SqliteConnection(settings.ConnectionString);
        _connection.Open();
    }

    /// <summary>A prepared statement; the same object for the same text.</summary>
    public SqliteCommand Command(string sql)
    {
        if (_commands.TryGetValue(sql, out var command)) return command;
        command = _connection.CreateCommand();
        command.CommandText = sql;
        _commands.Add(sql, command);
        return command;
    }

    /// <summary>Makes the statement that runs now fail with SQLITE_INTERRUPT. From any thread.</summary>
    public void Interrupt() => raw.sqlite3_interrupt(_connection.Handle);

    public void Dispose()
    {
        foreach (var command in _commands.Values) command.Dispose();
        _connection.Dispose();
    }
}
