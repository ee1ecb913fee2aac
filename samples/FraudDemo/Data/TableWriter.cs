using Microsoft.Data.Sqlite;

namespace FraudDemo;

/// <summary>Inserts many rows with one prepared statement per table.</summary>
internal sealed class TableWriter(SqliteConnection connection, CancellationToken cancellationToken)
{
    /// <summary>Appends the rows; each has a value for every column, in the order of the table.</summary>
    public void Write(string table, IEnumerable<object[]> rows)
    {
        SqliteCommand? insert = null;
        foreach (var row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            insert ??= Prepare(table, row.Length);
            for (var i = 0; i < row.Length; i++) insert.Parameters[i].Value = row[i];
            insert.ExecuteNonQuery();
        }

        insert?.Dispose();
    }

    private SqliteCommand Prepare(string table, int columns)
    {
        var names = Enumerable.Range(0, columns).Select(column => $"@{column}").ToArray();
        var insert = connection.CreateCommand();
        insert.CommandText = $"INSERT INTO {table} VALUES ({string.Join(", ", names)})";
        foreach (var name in names) insert.Parameters.Add(new SqliteParameter { ParameterName = name });
        return insert;
    }
}
