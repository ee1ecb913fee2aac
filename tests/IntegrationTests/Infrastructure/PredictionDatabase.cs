using System.Text.Json;
using Microsoft.Data.Sqlite;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.PostProcessing;

namespace IntegrationTests.Infrastructure;

/// <summary>A look into the log's file from outside the program.</summary>
internal sealed class PredictionDatabase(string dataDirectory)
{
    /// <summary>The ids of all recorded predictions.</summary>
    public HashSet<Guid> ReadPredictionIds() =>
        [.. Read("SELECT id FROM predictions", row => new Guid((byte[])row.GetValue(0), bigEndian: true))];

    public long CountPredictions() => Read("SELECT count(*) FROM predictions", row => row.GetInt64(0)).Single();

    /// <summary>What a recorded prediction was made from: its features by name.</summary>
    public IReadOnlyDictionary<string, FeatureValue> ReadFeatures(Guid predictionId)
    {
        var body = PredictionBody.Decode(Read(
            $"SELECT body FROM predictions WHERE id = x'{Convert.ToHexString(predictionId.ToByteArray(bigEndian: true))}'", row => (byte[])row.GetValue(0)).Single());
        var names = Read($"SELECT names FROM record_schemas WHERE id = {body.SchemaId}", row => JsonSerializer.Deserialize<string[]>(row.GetString(0))!).Single();
        return names.Zip(body.Features).ToDictionary(feature => feature.First, feature => feature.Second.Value);
    }

    /// <summary>The rows of a query.</summary>
    public List<T> Read<T>(string sql, Func<SqliteDataReader, T> map)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read()) rows.Add(map(reader));
        return rows;
    }

    /// <summary>A connection that can also write, to play another process that locks the database.</summary>
    public SqliteConnection Open()
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(dataDirectory, "inference.db"), Pooling = false }.ConnectionString);
        connection.Open();
        return connection;
    }
}
