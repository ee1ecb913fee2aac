using System.Text.RegularExpressions;
using IntegrationTests.Infrastructure;
using OrleansInference.Grains;

namespace IntegrationTests;

/// <summary>A model that cannot be served stops the start, and its author is told file, line, key and remedy.</summary>
public sealed partial class BrokenModelTests : IDisposable
{
    private const string Manifest =
        """
        {
          "versions":  { "default": 1 },
          "predict": {
            "request":   { "a": { "type": "number", "required": true } },
            "features":  [ ],
            "externals": [ ],
            "lookups":   [ ],
            "inputs":    { "x": [ "request.a", "request.a", "request.a", "request.a" ] },
            "response":  { "prediction": { "output": "y", "index": 3 } },
            "alerts":    [ ],
            "workflows": [ ],
            "deadline":  "00:00:01"
          }
        }
        """;

    private readonly TestDirectory _directory = new();
    private readonly string _models;
    private readonly string _manifest;
    private readonly string _onnx;

    public BrokenModelTests()
    {
        _models = _directory.CopyModels(Repository.TestModels, "identity");
        _manifest = Path.Combine(_models, "identity", "model.json");
        _onnx = Path.Combine(_models, "identity", "1", "model.onnx");
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("\"default\": 1", "\"default\": 1 1", "2: this is not valid JSON: ", "Correct the line.")]
    [InlineData("\"predict\": {", "\"predict\" {", "3: this is not valid JSON: ", "Correct the line.")]
    [InlineData("\"lookups\":   [ ]", "\"features\":  [ ]", "7: predict.features: the key stands twice.", "Keep one of the two.")]
    [InlineData("\"inputs\":", "\"inptus\":", "8: predict.inptus: the key 'inptus' is unknown.", "Correct its spelling, or remove it")]
    [InlineData("\"required\": true", "\"requird\": true", "4: predict.request.a.requird: the key 'requird' is unknown.", "Correct its spelling, or remove it")]
    [InlineData("\"type\": \"number\", ", "", "4: predict.request.a: a key is missing: 'type'.", "Add it")]
    [InlineData("\"response\":  { \"prediction\": { \"output\": \"y\", \"index\": 3 } },", "", "3: predict: a key is missing: 'response'.", "Add it")]
    [InlineData("\"default\": 1", "\"default\": \"1\"", "2: versions.default: the value must be an integer.", "Correct it")]
    [InlineData("\"required\": true", "\"required\": \"yes\"", "4: predict.request.a.required: the value must be true or false.", "Correct it")]
    [InlineData("\"required\": true", "\"minimum\": \"0\"", "4: predict.request.a.minimum: the value must be a number.", "Correct it")]
    [InlineData("\"features\":  [ ]", "\"features\":  \"profile\"", "5: predict.features: the value must be an array.", "Correct it")]
    [InlineData("\"features\":  [ ]", "\"features\":  [ 7 ]", "5: predict.features[0]: the value must be a string.", "Correct it")]
    [InlineData("\"features\":  [ ]", "\"features\":  [ null ]", "5: predict.features[0]: the value is null.", "Write a value, or remove it.")]
    [InlineData("\"a\": { \"type\": \"number\", \"required\": true }", "\"a\": null", "4: predict.request.a: the value is null.", "Write a value, or remove it.")]
    [InlineData("{ \"prediction\": { \"output\": \"y\", \"index\": 3 } }", "[ ]", "9: predict.response: the value must be an object.", "Correct it")]
    [InlineData("\"00:00:01\"", "\"1 s\"", "12: predict.deadline: the value must be a time such as \"00:00:01\".", "Correct it")]
    [InlineData("\"00:00:01\"", "\"00:01:00\"", "12: predict.deadline: 00:01:00 is out of range.", "Set it above zero and to 00:00:25 or less.")]
    [InlineData("\"00:00:01\"", "\"00:00:00\"", "12: predict.deadline: 00:00:00 is out of range.", "Set it above zero and to 00:00:25 or less.")]
    [InlineData("\"type\": \"number\"", "\"type\": \"float\"", "4: predict.request.a.type: 'float' is no type.", "Write string, number, boolean or timestamp.")]
    [InlineData("\"features\":  [ ]", "\"features\":  [ \"profile\" ]", "5: predict.features[0]: 'profile' is not configured.", "Add Inference:FeatureViews:profile, or name one of: (none).")]
    [InlineData("\"externals\": [ ]", "\"externals\": [ \"risk\" ]", "6: predict.externals[0]: 'risk' is not configured.", "Add Inference:ExternalServices:risk, or name one of: (none).")]
    [InlineData("\"lookups\":   [ ]", "\"lookups\":   [ \"codes\" ]", "7: predict.lookups[0]: 'codes' is not configured.", "Add Inference:Lookups:codes, or name one of: (none).")]
    [InlineData("\"request.a\" ]", "\"request.b\" ]", "8: predict.inputs.x[3]: there is no feature 'request.b'.", "The features here are: request.a.")]
    [InlineData("\"request.a\" ]", "\"request.a\", \"request.a\" ]", "8: predict.inputs.x: 5 features do not fill the input's shape [-1, 4] of version 1.", "Give as many features as the last dimension says.")]
    [InlineData("\"x\": [ \"request.a\", \"request.a\", \"request.a\", \"request.a\" ]", "", "8: predict.inputs: version 1 of the model has the input 'x', which is not filled.", "Add it with its features.")]
    [InlineData("\"x\": [", "\"z\": [", "8: predict.inputs: version 1 of the model has the input 'x', which is not filled.", "8: predict.inputs.z: version 1 of the model has no input 'z'. Its inputs are: x.")]
    [InlineData("\"output\": \"y\"", "\"output\": \"z\"", "9: predict.response.prediction.output: version 1 of the model has no output 'z'.", "Its outputs are: y.")]
    [InlineData("\"index\": 3", "\"index\": 4", "9: predict.response.prediction.index: 4 is outside the output's shape [-1, 4].", "Name an element from 0.")]
    [InlineData("\"alerts\":    [ ]", "\"alerts\":    [ { \"when\": { \"field\": \"prediction\", \"above\": 0.9 }, \"to\": \"desk\" } ]", "10: predict.alerts[0].to: the target 'desk' is not configured.", "Set Inference:Webhooks:desk:Url, or name one of: (none).")]
    [InlineData("\"workflows\": [ ]", "\"workflows\": [ { \"when\": { \"field\": \"prediction\" }, \"to\": \"desk\" } ]", "11: predict.workflows[0].when: neither 'above' nor 'below' is given.", "Add one of them.")]
    [InlineData("\"default\": 1", "\"default\": 3", "2: versions.default: there is no version 3.", "Add its folder, or name one of: 1.")]
    public async Task Start_ManifestBroken_NamesFileLineKeyAndRemedy(string part, string replacement, string told, string remedy)
    {
        Assert.Contains(part, Manifest, StringComparison.Ordinal);
        await File.WriteAllTextAsync(_manifest, Manifest.Replace(part, replacement, StringComparison.Ordinal), TestContext.Current.CancellationToken);

        var message = await StartAsync();

        Assert.True(message.StartsWith($"{_manifest}:{told}", StringComparison.Ordinal), message);
        Assert.Contains(remedy, message, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "1: this is not valid JSON: ")]
    [InlineData("[]", "1: the document must be an object. Write { \"predict\": { … } }")]
    public async Task Start_ManifestNoObject_NamesFileAndRemedy(string manifest, string told)
    {
        await File.WriteAllTextAsync(_manifest, manifest, TestContext.Current.CancellationToken);

        Assert.StartsWith($"{_manifest}:{told}", await StartAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SeveralFaults_NamesThemAll()
    {
        var manifest = Manifest.Replace("\"features\":  [ ]", "\"features\":  [ \"profile\" ]", StringComparison.Ordinal).Replace("\"output\": \"y\"", "\"output\": \"z\"", StringComparison.Ordinal);
        await File.WriteAllTextAsync(_manifest, manifest, TestContext.Current.CancellationToken);

        var faults = (await StartAsync()).Split(Environment.NewLine);

        Assert.Equal(["5", "9"], faults.Select(fault => fault[_manifest.Length..].Split(':')[1]));
    }

    [Fact]
    public async Task Start_SourceNotConfigured_NamesItOnceWhateverReadsIt()
    {
        var manifest = Manifest.Replace("\"features\":  [ ]", "\"features\":  [ \"profile\" ]", StringComparison.Ordinal).Replace("request.a", "profile.a", StringComparison.Ordinal);
        await File.WriteAllTextAsync(_manifest, manifest, TestContext.Current.CancellationToken);
        Directory.CreateDirectory(Path.Combine(_models, "identity", "2"));
        File.Copy(_onnx, Path.Combine(_models, "identity", "2", "model.onnx"));

        Assert.Equal($"{_manifest}:5: predict.features[0]: 'profile' is not configured. Add Inference:FeatureViews:profile, or name one of: (none).", await StartAsync());
    }

    [Fact]
    public async Task Start_FaultForEveryVersion_NamesItOnce()
    {
        await File.WriteAllTextAsync(_manifest, Manifest.Replace("\"request.a\" ]", "\"request.b\" ]", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        Directory.CreateDirectory(Path.Combine(_models, "identity", "2"));
        File.Copy(_onnx, Path.Combine(_models, "identity", "2", "model.onnx"));

        Assert.Equal($"{_manifest}:8: predict.inputs.x[3]: there is no feature 'request.b'. The features here are: request.a.", await StartAsync());
    }

    [Fact]
    public async Task Start_ManifestRight_Serves()
    {
        await File.WriteAllBytesAsync(_manifest, [0xEF, 0xBB, 0xBF, .. System.Text.Encoding.UTF8.GetBytes(Manifest)], TestContext.Current.CancellationToken);
        await using var server = await InProcessServer.StartAsync(_directory, [$"Inference:ModelRepository:Path={_models}"]);

        var (_, body) = await server.Http.PostJsonAsync("/predict", """{"user_id": 1, "a": 2.5}""");

        Assert.Equal(2.5, body.GetProperty("prediction").GetDouble());
    }

    [Fact]
    public async Task Start_NoOnnxModel_NamesFileAndRemedy()
    {
        File.Copy(Path.Combine(Repository.TestModels, "broken", "1", "model.onnx"), _onnx, overwrite: true);

        AssertTold(await StartAsync(), $"{_onnx}: ONNX Runtime cannot load this file: ", "Export the model again, or remove the version's folder.");
    }

    [Fact]
    public async Task Start_EmptyOnnxModel_NamesFileAndRemedy()
    {
        await File.WriteAllBytesAsync(_onnx, [], TestContext.Current.CancellationToken);

        AssertTold(await StartAsync(), $"{_onnx}: ONNX Runtime cannot load this file: ", "Export the model again, or remove the version's folder.");
    }

    [Fact]
    public async Task Start_OtherFileThanTheManifestsDigest_NamesBoth()
    {
        await File.WriteAllTextAsync(_manifest, $$"""{ "versions": { "sha256": { "1": "{{new string('a', 64)}}" } } }""", TestContext.Current.CancellationToken);
        var actual = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(_onnx, TestContext.Current.CancellationToken)));

        AssertTold(await StartAsync(), $"{_onnx}: its SHA-256 is {actual}, but versions.sha256 in the manifest says {new string('a', 64)}.", "Copy the file again, or correct the manifest.");
    }

    [Fact]
    public async Task Start_VersionIsALinkOutOfTheRepository_NamesItAndWhereItLeads()
    {
        var outside = Directory.CreateDirectory(_directory.File("outside")).FullName;
        Directory.Move(Path.GetDirectoryName(_onnx)!, Path.Combine(outside, "1"));
        Directory.CreateSymbolicLink(Path.GetDirectoryName(_onnx)!, Path.Combine(outside, "1"));

        AssertTold(await StartAsync(), $"{Path.GetDirectoryName(_onnx)}: this leads to {Path.Combine(outside, "1")}, which is outside the model repository {_models}.", "Put a copy in its place, or remove it.");
    }

    [Fact]
    public async Task Start_VersionWithoutModel_NamesFolderAndRemedy()
    {
        File.Delete(_onnx);

        AssertTold(await StartAsync(), $"{Path.GetDirectoryName(_onnx)}: the version has no model.onnx.", "Add it, or remove the folder.");
    }

    [Fact]
    public async Task Start_ManifestWithoutVersion_NamesFileAndRemedy()
    {
        Directory.Delete(Path.GetDirectoryName(_onnx)!, recursive: true);
        await File.WriteAllTextAsync(_manifest, Manifest, TestContext.Current.CancellationToken);

        AssertTold(await StartAsync(), $"{_manifest}: the model has no version.", $"Add {_onnx}, or remove the folder.");
    }

    [Fact]
    public async Task Start_EmptyRepository_NamesFolderAndRemedy()
    {
        Directory.Delete(Path.Combine(_models, "identity"), recursive: true);

        AssertTold(await StartAsync(), $"The model repository {_models} holds no model.", "Add one as <model>/<version>/model.onnx");
    }

    [Fact]
    public async Task Start_MissingRepository_NamesFolderAndRemedy()
    {
        Directory.Delete(_models, recursive: true);

        AssertTold(await StartAsync(), $"The model repository {_models} does not exist.", "Create it, or set Inference:ModelRepository:Path.");
    }

    [Fact]
    public async Task Start_ProcessWithBrokenManifest_EndsWithOneAndTheMessageOnly()
    {
        await File.WriteAllTextAsync(_manifest, Manifest.Replace("\"inputs\":", "\"inptus\":", StringComparison.Ordinal), TestContext.Current.CancellationToken);

        AssertRefused(await RunAsync(), $"{_manifest}:8: predict.inptus: the key 'inptus' is unknown.");
    }

    [Fact]
    public async Task Start_ProcessWithBrokenOnnxModel_EndsWithOneAndTheMessageOnly()
    {
        File.Copy(Path.Combine(Repository.TestModels, "broken", "1", "model.onnx"), _onnx, overwrite: true);

        AssertRefused(await RunAsync(), $"{_onnx}: ONNX Runtime cannot load this file: ");
    }

    private static void AssertTold(string message, params string[] parts) =>
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));

    private static void AssertRefused(ProgramRun run, string told)
    {
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith($"The program cannot start.{Environment.NewLine}{told}", run.Errors, StringComparison.Ordinal);
        Assert.Equal(run.Errors, run.Output);
        Assert.DoesNotMatch(StackTrace(), run.Output);
    }

    private async Task<string> StartAsync() =>
        (await Assert.ThrowsAsync<InferenceStartupException>(() => InProcessServer.StartAsync(_directory, [$"Inference:ModelRepository:Path={_models}"]))).Message;

    private Task<ProgramRun> RunAsync() => ServerProcess.RunApiToEndAsync(
        $"--Inference:DataDirectory={_directory.File("data")}", $"--Inference:ModelRepository:Path={_models}", "--urls=http://127.0.0.1:0");

    [GeneratedRegex(@"^ +at .*\(", RegexOptions.Multiline)]
    private static partial Regex StackTrace();
}
