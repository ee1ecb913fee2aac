namespace IntegrationTests.Infrastructure;

/// <summary>Model repositories of the tests' own models.</summary>
internal static class TestModels
{
    private const string SlowManifest =
        """
        {
          "predict": {
            "request":  { "x": { "type": "number", "required": true }, "iterations": { "type": "number", "required": true } },
            "inputs":   { "x": [ "request.x" ], "iterations": [ "request.iterations" ] },
            "response": { "prediction": { "output": "y" } },
            "deadline": "00:00:25"
          }
        }
        """;

    /// <summary>A repository with the model <c>slow</c>, which answers x after about one millisecond per iteration.</summary>
    public static string CopySlow(this TestDirectory directory)
    {
        var models = directory.CopyModels(Repository.TestModels, "slow");
        File.WriteAllText(Path.Combine(models, "slow", "model.json"), SlowManifest);
        return models;
    }
}
