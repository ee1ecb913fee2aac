using IntegrationTests.Infrastructure;
using Microsoft.Data.Sqlite;

namespace IntegrationTests.Features;

/// <summary>A SQLite file of a team's own with a table of users, whose value is their id until a test says otherwise.</summary>
internal sealed class StoredUsers
{
    public const string Sql = "SELECT value FROM users WHERE user_id = @user_id";

    public const string GroupedSql = "SELECT user_id, value FROM users WHERE user_id IN (SELECT value FROM json_each(@user_ids))";

    private readonly string _connection;

    public StoredUsers(TestDirectory directory, int count = 1_000)
    {
        _connection = new SqliteConnectionStringBuilder { DataSource = directory.File("features.db"), Pooling = false }.ConnectionString;
        Execute($"CREATE TABLE users (user_id INTEGER PRIMARY KEY, value REAL); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) INSERT INTO users SELECT i, i FROM n");
    }

    /// <summary>The setting of a view that reads it.</summary>
    public string Setting => $"ConnectionString={_connection}";

    public void Set(int user, double value) => Execute(FormattableString.Invariant($"UPDATE users SET value = {value} WHERE user_id = {user}"));

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection(_connection);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
