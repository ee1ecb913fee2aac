using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace OrleansInference.Storage.Sql;

/// <summary>A connection to SQLite with its prepared statements. One thread only.</summary>
internal abstract class SqliteSession(SqliteConnection connection) : SqlSession, IDisposable
{
    private readonly Dictionary<string, SqliteCommand> _commands = [];

    // One connection writes, so nothing is ever locked by another.
    public override string SkipLocked => "";

    protected SqliteConnection Connection => connection;

    public override object ToStored(Guid id) => id.ToByteArray(bigEndian: true);

    /// <summary>The same command for the same text.</summary>
    public SqliteCommand Prepared(string sql)
    {
        if (_commands.TryGetValue(sql, out var command)) return command;
        command = connection.CreateCommand();
        command.CommandText = sql;
        _commands.Add(sql, command);
        return command;
    }

    public virtual void Dispose()
    {
        foreach (var command in _commands.Values) command.Dispose();
        connection.Dispose();
    }

    /// <summary>The answer of a store's work, which never waits here: SQLite has no asynchronous I/O.</summary>
    public T Run<T>(Func<SqlSession, ValueTask<T>> work)
    {
        var answer = work(this);
        return answer.IsCompleted ? answer.GetAwaiter().GetResult() : throw new InvalidOperationException("A store waited for something else than its database.");
    }

    /// <summary>How many rows a statement changed.</summary>
    public int Execute(SqlStatement statement) => Run(_ => statement.ExecuteAsync());

    protected override DbCommand Command(string sql) => Prepared(sql);
}
