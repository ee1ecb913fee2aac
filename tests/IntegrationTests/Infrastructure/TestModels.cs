using System.Buffers.Binary;
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

    // In the file of version 1: the field raw_data (tag 9, four bytes) that holds the float 1, which is added to x.
    private static readonly byte[] RawOne = [0x4A, 4, 0, 0, 0x80, 0x3F];

    /// <summary>A repository with the model <c>slow</c>, which answers x after about one millisecond per iteration.</summary>
    public static string CopySlow(this TestDirectory directory, string deadline = "00:00:25")
    {
        var models = directory.CopyModels(Repository.TestModels, "slow");
        File.WriteAllText(Path.Combine(models, "slow", "model.json"), SlowManifest.Replace("00:00:25", deadline, StringComparison.Ordinal));
        return models;
    }

    /// <summary>A repository with some of the models that <c>tests/models/make_models.py</c> makes and lists; without manifests.</summary>
    public static string CopyTestModels(this TestDirectory directory, params string[] models) => directory.CopyModels(Repository.TestModels, models);

    /// <summary>Gives a model of the repository a manifest, or another one, at once: a server that looks meanwhile sees no half of it.</summary>
    public static void WriteManifest(string models, string model, string json)
    {
        var manifest = Path.Combine(models, model, "model.json");
        File.WriteAllText($"{manifest}.new", json);
        File.Move($"{manifest}.new", manifest, overwrite: true);
    }

    /// <summary>Adds any version to the model <c>versioned</c>, whose version n answers x + n; the folder appears complete.</summary>
    public static void AddVersion(string models, int version)
    {
        var model = File.ReadAllBytes(Path.Combine(Repository.TestModels, "versioned", "1", "model.onnx"));
        var at = model.AsSpan().IndexOf(RawOne) + RawOne.Length - sizeof(float);
        BinaryPrimitives.WriteSingleLittleEndian(model.AsSpan(at), version);
        var hidden = Directory.CreateDirectory(Path.Combine(models, "versioned", $".{version}"));
        File.WriteAllBytes(Path.Combine(hidden.FullName, "model.onnx"), model);
        hidden.MoveTo(Path.Combine(models, "versioned", $"{version}"));
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
