using IntegrationTests.Infrastructure;

namespace IntegrationTests.Features;

/// <summary>A model repository with one identity model whose predictions are events of the live windows <c>spending</c>.</summary>
internal static class WindowModel
{
    /// <summary>Writes the repository; answers the settings to start with, to which the view's columns are to be added.</summary>
    /// <param name="directory">Where.</param>
    /// <param name="inputs">The model's four inputs.</param>
    public static string[] Write(TestDirectory directory, params string[] inputs)
    {
        var models = directory.CopyModels(Repository.TestModels, "identity");
        File.WriteAllText(
            Path.Combine(models, "identity", "model.json"),
            $$"""
            {
              "predict": {
                "request": { "amount": { "type": "number", "required": true }, "at": { "type": "timestamp", "required": true } },
                "event": { "view": "spending", "value": "amount", "time": "at" },
                "features": [ "spending" ],
                "inputs": { "x": [ {{string.Join(", ", inputs.Select(input => $"\"{input}\""))}} ] },
                "response": { "prediction": { "output": "y" } },
                "deadline": "00:00:20"
              }
            }
            """);
        return [$"Inference:ModelRepository:Path={models}", "Inference:FeatureViews:spending:Kind=Window"];
    }
}
