using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace MinimalApi;

/// <summary>A row for each answered prediction, on disk before the answer.</summary>
internal sealed class PredictionTable
{
    private readonly string _connectionString;

    public PredictionTable(string file)
    {
        _connectionString = new SqliteConnectionStringBuilder { DataSource = file }.ToString();
        using var connection = Open();
        Execute(connection, """
            PRAGMA journal_mode = WAL;
            CREATE TABLE IF NOT EXISTS predictions (
                id TEXT PRIMARY KEY, user_id TEXT NOT NULL, at INTEGER NOT NULL, request TEXT NOT NULL, features TEXT NOT NULL, prediction REAL NOT NULL);
            """);
    }

    public void Insert(PredictRequest request, float[] features, PredictResponse response)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO predictions VALUES ($id, $user, $at, $request, $features, $prediction)";
        command.Parameters.AddWithValue("$id", response.PredictionId.ToString());
        command.Parameters.AddWithValue("$user", request.UserId);
        command.Parameters.AddWithValue("$at", DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        command.Parameters.AddWithValue("$request", JsonSerializer.Serialize(request));
        command.Parameters.AddWithValue("$features", JsonSerializer.Serialize(features));
        command.Parameters.AddWithValue("$prediction", response.Prediction);
        command.ExecuteNonQuery();
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        Execute(connection, "PRAGMA synchronous = FULL");
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
