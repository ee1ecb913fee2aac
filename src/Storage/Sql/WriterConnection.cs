using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansInference.Storage.Sql;

/// <summary>The connection that writes. One thread only.</summary>
internal sealed class WriterConnection : SqliteSession
{
    private static readonly TimeSpan ReadersPass = TimeSpan.FromMilliseconds(25);

    private readonly TimeSpan _busyTimeout;
    private readonly HashSet<(string Model, long Schema)> _committedSchemas = [];
    private readonly List<(string Model, long Schema)> _newSchemas = [];
    private PredictionInsert? _predictions;

    public WriterConnection(string connectionString, TimeSpan busyTimeout)
        : base(Open(connectionString))
    {
        _busyTimeout = busyTimeout;
        try
        {
            // Microsoft.Data.Sqlite waits for locks in whole seconds; a prediction's deadline is shorter than that.
            raw.sqlite3_busy_timeout(Connection.Handle, (int)busyTimeout.TotalMilliseconds);
            Execute("PRAGMA journal_mode = WAL");
            Execute("PRAGMA synchronous = FULL");

            // See WalCheckpoints: not within a commit.
            Execute("PRAGMA wal_autocheckpoint = 0");
            Execute("PRAGMA cache_size = -16384");

            // What is erased is overwritten, not only let go.
            Execute("PRAGMA secure_delete = ON");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Writes records.</summary>
    public PredictionInsert Predictions => _predictions ??= new PredictionInsert(Connection.Handle!);

    /// <summary>Whether the model's schema is certain to be in the database.</summary>
    public bool HasSchema(string model, long id) => _committedSchemas.Contains((model, id));

    /// <summary>The model's schema is in the database once the commit is.</summary>
    public void OnSchemaWritten(string model, long id) => _newSchemas.Add((model, id));

    /// <summary>Applies all writes in one transaction, or none.</summary>
    public void Commit(IReadOnlyList<SqliteWrite> writes)
    {
        Execute("BEGIN IMMEDIATE");
        _newSchemas.Clear();
        try
        {
            foreach (var write in writes) write.ApplyTo(this);
            Execute("COMMIT");
        }
        catch
        {
            raw.sqlite3_exec(Connection.Handle, "ROLLBACK");
            throw;
        }

        _committedSchemas.UnionWith(_newSchemas);
    }

    /// <summary>Copies what is left of the write-ahead log into the database and empties its file; false where a reader needs it for longer than readers take.</summary>
    public bool TryEmptyLog()
    {
        // Commits wait meanwhile.
        raw.sqlite3_busy_timeout(Connection.Handle, (int)ReadersPass.TotalMilliseconds);
        try
        {
            return Prepared("PRAGMA wal_checkpoint(TRUNCATE)").ExecuteScalar() is 0L;
        }
        finally
        {
            raw.sqlite3_busy_timeout(Connection.Handle, (int)_busyTimeout.TotalMilliseconds);
        }
    }

    /// <summary>How many pages were written to the write-ahead log since this was asked last.</summary>
    public int TakePagesWritten()
    {
        raw.sqlite3_db_status(Connection.Handle, raw.SQLITE_DBSTATUS_CACHE_WRITE, out var pages, out _, resetFlg: 1);
        return pages;
    }

    /// <summary>Executes a statement past the driver, whose own loop around a busy database sleeps.</summary>
    public void Execute(string sql)
    {
        var code = raw.sqlite3_exec(Connection.Handle, sql);
        if (code == raw.SQLITE_OK) return;
        var message = raw.sqlite3_errmsg(Connection.Handle).utf8_to_string();
        throw new SqliteException(string.Create(CultureInfo.InvariantCulture, $"{sql}: {message} (SQLite error {code})"), code & 0xFF, code);
    }

    public override void Dispose()
    {
        _predictions?.Dispose();
        base.Dispose();
    }

    private static SqliteConnection Open(string connectionString)
    {
        var connection = new SqliteConnection(connectionString);
        connection.Open();
        return connection;
    }
}
