using IntegrationTests.Infrastructure;

namespace IntegrationTests.Features;

/// <summary>A model repository with one identity model, which answers the feature that the test names.</summary>
internal static class FeatureModel
{
    /// <summary>Writes the repository; answers the settings to start with.</summary>
    /// <param name="directory">Where.</param>
    /// <param name="answer">The feature that is the answer.</param>
    /// <param name="sources">The manifest's sources, such as <c>"externals": [ "remote" ]</c>.</param>
    public static string[] Write(TestDirectory directory, string answer, string sources)
    {
        var models = directory.CopyModels(Repository.TestModels, "identity");
        File.WriteAllText(
            Path.Combine(models, "identity", "model.json"),
            $$"""
            {
              "predict": {
                "request": {
                  "key": { "type": "string", "required": true },
                  "amount": { "type": "number", "default": 8 },
                  "at": { "type": "timestamp", "default": "now" }
                },
                {{sources}},
                "inputs": { "x": [ "{{answer}}", "request.amount", "request.amount", "request.amount" ] },
                "response": { "prediction": { "output": "y" } },
                "deadline": "00:00:10"
              }
            }
            """);
        return [$"Inference:ModelRepository:Path={models}"];
    }

    /// <summary>The same with the service <c>remote</c>, whose one feature is its property <c>value</c>, default -1.</summary>
    public static string[] WriteRemote(TestDirectory directory, string address, params string[] settings) =>
    [
        .. Write(directory, "remote.value", """ "externals": [ "remote" ] """),
        .. Remote(address, settings),
    ];

    /// <summary>The service's settings.</summary>
    public static string[] Remote(string address, params string[] settings) =>
    [
        $"Inference:ExternalServices:remote:BaseAddress={address}",
        "Inference:ExternalServices:remote:Path=/value/{key}?at={at:yyyy-MM-dd}",
        "Inference:ExternalServices:remote:Timeout=00:00:05",
        "Inference:ExternalServices:remote:Columns:value:Default=-1",
        .. settings.Select(setting => $"Inference:ExternalServices:remote:{setting}"),
    ];
}
