using OrleansInference;

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

    /// <summary>Puts the identity model into a repository under another name.</summary>
    public static void CopyIdentity(string models, string name, string version = "1")
    {
        var file = Path.Combine(models, name, version, "model.onnx");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.Copy(Path.Combine(Repository.TestModels, "identity", "1", "model.onnx"), file, overwrite: true);
    }

    /// <summary>Asks the identity model for a row.</summary>
    public static Task<InferenceResponse> InferIdentityAsync(this IInferenceClient client, string model = "identity", string? version = null, float value = 0) => client.InferAsync(
        model, new InferenceRequest { Version = version, Inputs = [Tensor.Create<float>("x", TensorDatatype.FP32, [1, 4], [value, value, value, value])] });
}
