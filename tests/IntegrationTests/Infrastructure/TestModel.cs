using Microsoft.Data.Sqlite;

namespace IntegrationTests.Infrastructure;

/// <summary>A model repository with one identity model, whose four inputs come from a view, an external service and the request.</summary>
internal static class TestModel
{
    private const string Manifest =
        """
        {
          "predict": {
            "request": { "key": { "type": "string", "required": true }, "extra": { "type": "number", "default": 0 } },
            "features": [ "stored" ],
            "externals": [ "remote" ],
            "inputs": { "x": [ "remote.value", "stored.value", "request.extra", "request.extra" ] },
            "response": { "prediction": { "output": "y" }, "info": { "feature": "remote.text" } },
            "deadline": "00:00:05"
          }
        }
        """;

    /// <summary>Writes the repository and a feature database into the directory; answers the settings to start with.</summary>
    public static string[] Write(TestDirectory directory, string sql, string remoteAddress)
    {
        var models = directory.CopyModels(Repository.TestModels, "identity");
        File.WriteAllText(Path.Combine(models, "identity", "model.json"), Manifest);
        var features = directory.File("features.db");
        using (var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = features, Pooling = false }.ConnectionString))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "CREATE TABLE users (user_id INTEGER PRIMARY KEY, value REAL); WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999) INSERT INTO users SELECT i, i / 10.0 FROM n";
            command.ExecuteNonQuery();
        }

        return
        [
            $"Inference:ModelRepository:Path={models}",
            $"Inference:FeatureViews:stored:ConnectionString=Data Source={features}",
            $"Inference:FeatureViews:stored:Sql={sql}",
            "Inference:FeatureViews:stored:Timeout=00:00:04",
            "Inference:FeatureViews:stored:Columns:value:Default=0",
            $"Inference:ExternalServices:remote:BaseAddress={remoteAddress}",
            "Inference:ExternalServices:remote:Path=/value?key={key}",
            "Inference:ExternalServices:remote:Timeout=00:00:01",
            "Inference:ExternalServices:remote:Columns:value:Default=-1",
            "Inference:ExternalServices:remote:Columns:text:Type=text",
        ];
    }
}
