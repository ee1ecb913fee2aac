using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansInference.SideBySide.Setup;

/// <summary>Our model repository and settings: each model once without a log and once with, from the same file.</summary>
internal static class ServedModels
{
    private const int FraudFeatures = 12;

    /// <summary>The model of that name whose every answer is on disk before it is given.</summary>
    public static string Durable(string model) => $"{model}-durable";

    public static void Write(Workspace workspace)
    {
        foreach (var folders in new[] { workspace.Models, workspace.QuickModels })
        {
            if (Directory.Exists(folders.Repository)) Directory.Delete(folders.Repository, recursive: true);
            WritePeak(workspace, folders.Repository);
        }

        WriteTutorial(workspace, workspace.Models.Repository);
    }

    private static void WritePeak(Workspace workspace, string repository)
    {
        var fraud = Enumerable.Range(0, FraudFeatures).Select(i => $"payments.f{i}").ToArray();
        var mlp = Enumerable.Range(0, UserFeatures.Count).Select(i => $"profile.f{i}").ToArray();
        foreach (var logging in new[] { "off", "required" })
        {
            Write(workspace, repository, BenchmarkModels.Fraud, logging, "payments", "features", ["request.amount", "calendar.is_weekend", "calendar.is_night", .. fraud], "probability", 1);
            Write(workspace, repository, BenchmarkModels.Small, logging, "profile", "x", ["request.amount", .. mlp], "y", 0);
            Write(workspace, repository, BenchmarkModels.Large, logging, "profile", "x", ["request.amount", .. mlp], "y", 0);
        }
    }

    public static void WriteSettings(Workspace workspace) => File.WriteAllText(
        Path.Combine(workspace.Published("orleans-inference"), "appsettings.json"),
        JsonSerializer.Serialize(new
        {
            Inference = new
            {
                FeatureViews = new { payments = View(workspace, FraudFeatures), profile = View(workspace, UserFeatures.Count) },
                ExternalServices = new
                {
                    tutorial_database = Service("/database?raw_feature={raw_feature}", "value", "number", "0"),
                    tutorial_info = Service("/info?raw_feature={raw_feature}", "info", "text", "N/A"),
                },
            },
        }));

    private static void Write(Workspace workspace, string repository, string model, string logging, string view, string input, string[] values, string output, int index) =>
        WriteModel(workspace, repository, logging == "off" ? model : Durable(model), model, new JsonObject
        {
            ["request"] = new JsonObject
            {
                ["amount"] = new JsonObject { ["type"] = "number", ["required"] = true },
                ["at"] = new JsonObject { ["type"] = "timestamp", ["default"] = "now" },
            },
            ["features"] = new JsonArray(view),
            ["inputs"] = new JsonObject { [input] = new JsonArray([.. values.Select(value => JsonValue.Create(value))]) },
            ["response"] = new JsonObject { ["prediction"] = new JsonObject { ["output"] = output, ["index"] = index } },
            ["logging"] = logging,
            ["deadline"] = "00:00:20",
        });

    private static void WriteTutorial(Workspace workspace, string repository) =>
        WriteModel(workspace, repository, BenchmarkModels.Tutorial, BenchmarkModels.Tutorial, new JsonObject
        {
            ["request"] = new JsonObject
            {
                ["amount"] = new JsonObject { ["type"] = "number", ["required"] = true },
                ["raw_feature"] = new JsonObject { ["type"] = "string", ["required"] = true },
            },
            ["externals"] = new JsonArray("tutorial_database", "tutorial_info"),
            ["inputs"] = new JsonObject
            {
                ["x"] = new JsonArray(["tutorial_database.value", .. Enumerable.Repeat("request.amount", UserFeatures.Count).Select(value => (JsonNode)value)]),
            },
            ["response"] = new JsonObject { ["prediction"] = new JsonObject { ["output"] = "y" } },
            ["logging"] = "off",
            ["deadline"] = "00:00:25",
        });

    private static void WriteModel(Workspace workspace, string repository, string name, string file, JsonObject predict)
    {
        var folder = Directory.CreateDirectory(Path.Combine(repository, name, "1")).FullName;
        File.Copy(BenchmarkModels.File(workspace, file), Path.Combine(folder, "model.onnx"));
        File.WriteAllText(Path.Combine(repository, name, "model.json"), new JsonObject { ["predict"] = predict }.ToJsonString());
    }

    private static object View(Workspace workspace, int columns) => new
    {
        ConnectionString = $"Data Source={workspace.FeaturesDatabase};Mode=ReadOnly",
        Sql = $"SELECT user_id, {string.Join(", ", Enumerable.Range(0, columns).Select(i => $"f{i}"))} FROM features WHERE user_id IN (SELECT value FROM json_each(@user_ids))",
        UserIdType = "Text",
        Ttl = "1.00:00:00",
        Columns = Enumerable.Range(0, columns).ToDictionary(i => $"f{i}", _ => new { Default = "0" }),
    };

    // The address is given when the server starts.
    private static object Service(string path, string column, string type, string absent) => new
    {
        Path = path,
        Timeout = "00:00:10",
        Columns = new Dictionary<string, object> { [column] = new { Type = type, Default = absent } },
    };
}
