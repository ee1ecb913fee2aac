using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansInference.Storage.Sql;

/// <summary>The writer's connection with its prepared statements. One thread only.</summary>
internal sealed class WriterConnection : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteCommand> _commands = [];
    private readonly HashSet<long> _committedSchemas = [];

    public WriterConnection(string connectionString, TimeSpan busyTimeout)
    {
        _connection = new SqliteConnection(connectionString);
        _connection.Open();
        try
        {
            // Microsoft.Data.Sqlite waits for locks in whole seconds; a prediction's deadline is shorter than that.
            raw.sqlite3_busy_timeout(_connection.Handle, (int)busyTimeout.TotalMilliseconds);
            Raw("PRAGMA journal_mode = WAL");
            Raw("PRAGMA synchronous = FULL");
        }
        catch
        {
            _connection.Dispose();
            throw;
        }
    }

    /// <summary>Schemas that are certain to be in the database.</summary>
    public bool HasSchema(long id) => _committedSchemas.Contains(id);

    /// <summary>A prepared statement; the same object for the same text.</summary>
    public SqliteCommand Command(string sql)
    {
        if (_commands.TryGetValue(sql, out var command)) return command;
        command = _connection.CreateCommand();
        command.CommandText = sql;
        _commands.Add(sql, command);
        return command;
    }

    /// <summary>Applies all writes in one transaction, or none.</summary>
    public void Commit(IReadOnlyList<SqliteWrite> writes)
    {
        Raw("BEGIN IMMEDIATE");
        try
        {
            foreach (var write in writes) write.ApplyTo(this);
            Raw("COMMIT");
        }
        catch
        {
            raw.sqlite3_exec(_connection.Handle, "ROLLBACK");
            throw;
        }

        foreach (var schema in writes.OfType<PredictionWrite>().Select(write => write.SchemaId)) _committedSchemas.Add(schema);
    }

    public void Dispose()
    {
        foreach (var command in _commands.Values) command.Dispose();
        _connection.Dispose();
    }

    // Past the driver, whose own loop around a busy database sleeps.
    private void Raw(string sql)
    {
        var code = raw.sqlite3_exec(_connection.Handle, sql);
        if (code == raw.SQLITE_OK) return;
        var message = raw.sqlite3_errmsg(_connection.Handle).utf8_to_string();
        throw new SqliteException(string.Create(CultureInfo.InvariantCulture, $"{sql}: {message} (SQLite error {code})"), code & 0xFF, code);
    }
}
