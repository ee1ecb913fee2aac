using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace OrleansInference.SideBySide.Setup;

/// <summary>31 numbers for each user: in SQLite for us, who read features from a database, and in JSON for those who hold them in a dictionary.</summary>
internal static class UserFeatures
{
    public const int Count = 31;

    /// <summary>Users that the contenders know.</summary>
    public const int CommonUsers = 1_000;

    public static float[] Of(int user)
    {
        var random = new Random(user);
        var values = new float[Count];
        for (var i = 0; i < values.Length; i++) values[i] = MathF.Round(random.NextSingle(), 4);
        return values;
    }

    public static void Write(Workspace workspace, int users)
    {
        var common = Enumerable.Range(0, CommonUsers).ToDictionary(user => $"{user}", Of);
        File.WriteAllText(workspace.FeaturesJson, JsonSerializer.Serialize(common));
        if (Holds(workspace.FeaturesDatabase, users)) return;
        File.Delete(workspace.FeaturesDatabase);
        using var connection = new SqliteConnection($"Data Source={workspace.FeaturesDatabase}");
        connection.Open();
        var columns = Enumerable.Range(0, Count).Select(i => $"f{i}").ToArray();
        Execute(connection, $"CREATE TABLE features (user_id TEXT PRIMARY KEY, {string.Join(", ", columns.Select(column => $"{column} REAL NOT NULL"))}) WITHOUT ROWID");
        using var transaction = connection.BeginTransaction();
        using var insert = connection.CreateCommand();
        insert.CommandText = $"INSERT INTO features VALUES (@user, {string.Join(", ", columns.Select(column => $"@{column}"))})";
        var userId = insert.Parameters.Add("@user", SqliteType.Text);
        var parameters = columns.Select(column => insert.Parameters.Add($"@{column}", SqliteType.Real)).ToArray();
        for (var user = 0; user < users; user++)
        {
            userId.Value = $"{user}";
            var values = Of(user);
            for (var i = 0; i < Count; i++) parameters[i].Value = (double)values[i];
            insert.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    private static bool Holds(string file, int users)
    {
        if (!File.Exists(file)) return false;
        using var connection = new SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var count = connection.CreateCommand();
        count.CommandText = "SELECT count(*) FROM features";
        return (long)count.ExecuteScalar()! >= users;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
