using System.Text;
using OrleansInference.Grains;
using OrleansInference.Grains.Models.Manifest;

namespace UnitTests.Grains.Models.Manifest;

public sealed class ManifestReaderTests
{
    private const string Full =
        """
        // The editor's key, a comment and a trailing comma are welcome.
        {
          "$schema": "../model.schema.json",
          "versions": { "default": 2 },
          "predict": {
            "request": { "amount": { "type": "number", "alias": "sum", "required": false, "minimum": 0, "maximum": 9.5, "default": 1 } },
            "features": [ "spending" ],
            "externals": [ "risk" ],
            "lookups": [ "category" ],
            "inputs": { "x": [ "request.amount" ] },
            "response": { "prediction": { "output": "y", "index": 1 }, "info": { "feature": "risk.text", "orElse": "none" } },
            "alerts": [ { "when": { "field": "prediction", "above": 0.9 }, "to": "desk" } ],
            "workflows": [ { "when": { "field": "prediction", "below": 0.1 }, "to": "review" } ],
            "deadline": "00:00:02",
          },
        }
        """;

    [Fact]
    public void Read_EveryKey_IsInTheManifest()
    {
        var predict = Read(Full).Predict!;

        Assert.Equal(2, Read(Full).Versions!.Default);
        var field = Assert.Single(predict.Request);
        Assert.Equal(("amount", "number", "sum", false), (field.Key, field.Value.Type, field.Value.Alias, field.Value.Required));
        Assert.Equal((0d, 9.5, 1), (field.Value.Minimum!.Value, field.Value.Maximum!.Value, field.Value.Default!.Value.GetInt32()));
        Assert.Equal(["spending", "risk", "category"], [.. predict.Features, .. predict.Externals, .. predict.Lookups]);
        Assert.Equal(["request.amount"], predict.Inputs["x"]);
        Assert.Equal((new PredictionSection { Output = "y", Index = 1 }, new InfoSection { Feature = "risk.text", OrElse = "none" }), (predict.Response.Prediction, predict.Response.Info));
        Assert.Equal([new RuleSection { When = new ConditionSection { Field = "prediction", Above = 0.9 }, To = "desk" }], predict.Alerts);
        Assert.Equal([new RuleSection { When = new ConditionSection { Field = "prediction", Below = 0.1 }, To = "review" }], predict.Workflows);
        Assert.Equal(TimeSpan.FromSeconds(2), predict.Deadline);
    }

    [Fact]
    public void Read_OnlyWhatIsRequired_HasTheDefaults()
    {
        var predict = Read("""{ "predict": { "request": {}, "inputs": {}, "response": { "prediction": { "output": "y" } } } }""").Predict!;

        Assert.Equal(0, predict.Features.Count + predict.Externals.Count + predict.Lookups.Count + predict.Alerts.Count + predict.Workflows.Count);
        Assert.Equal((TimeSpan.FromSeconds(1), 0, null), (predict.Deadline, predict.Response.Prediction.Index, predict.Response.Info));
    }

    [Fact]
    public void Read_EmptyObject_IsAManifestWithoutPredict() => Assert.Equal(new ModelManifest(), Read("{}"));

    [Fact]
    public void Read_ByteOrderMark_IsSkipped() => Assert.Equal(new ModelManifest(), ManifestReader.Read("model.json", Encoding.UTF8.Preamble.ToArray().Concat("{}"u8.ToArray()).ToArray()).Manifest);

    [Theory]
    [InlineData("", 1)]
    [InlineData("{\n  \"predict\": {\n", 3)]
    [InlineData("{\n  \"versions\": { \"default\": 2 }\n  \"predict\": {}\n}", 3)]
    [InlineData("{}\n{}", 2)]
    public void Read_SyntaxError_NamesTheLine(string json, int line) =>
        Assert.StartsWith($"model.json:{line}: this is not valid JSON: ", Fault(json), StringComparison.Ordinal);

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("5")]
    public void Read_NoObject_SaysWhatToWrite(string json) =>
        Assert.StartsWith("model.json:1: the document must be an object. Write { ", Fault(json), StringComparison.Ordinal);

    [Theory]
    [InlineData("{ \"versions\": {},\n \"versions\": {} }", "versions")]
    [InlineData("{ \"versions\": { \"default\": 1,\n \"default\": 2 } }", "default")]
    public void Read_KeyTwice_IsRefused(string json, string key) => Assert.Contains($"{key}: the key stands twice", Fault(json), StringComparison.Ordinal);

    [Theory]
    [InlineData("{\n \"predikt\": {} }", "model.json:2: predikt: the key 'predikt' is unknown. Correct its spelling, or remove it; models/model.schema.json lists the keys.")]
    [InlineData("{\n \"versions\": {\n \"defalt\": 1 } }", "model.json:3: versions.defalt: the key 'defalt' is unknown. Correct its spelling, or remove it; models/model.schema.json lists the keys.")]
    [InlineData("{\n \"versions\": { \"Default\": 1 } }", "model.json:2: versions.Default: the key 'Default' is unknown. Correct its spelling, or remove it; models/model.schema.json lists the keys.")]
    public void Read_UnknownKey_NamesLineKeyAndRemedy(string json, string message) => Assert.Equal(message, Fault(json));

    [Theory]
    [InlineData("{\n \"predict\": {\n \"request\": {\n \"amount\": {\n \"type\": \"number\", \"requird\": true } } } }", "model.json:5: predict.request.amount.requird: the key 'requird' is unknown.")]
    [InlineData("{\n \"predict\": { \"alerts\": [\n {},\n { \"whn\": 1 } ] } }", "model.json:3: predict.alerts[0]: a key is missing: 'when', 'to'.")]
    [InlineData("{\n \"predict\": { \"request\": {} } }", "model.json:2: predict: a key is missing: 'inputs', 'response'. Add it;")]
    public void Read_DeepFault_NamesItsLineAndPath(string json, string start) => Assert.StartsWith(start, Fault(json), StringComparison.Ordinal);

    [Theory]
    [InlineData("{\n \"versions\": {\n \"default\": \"two\" } }", "model.json:3: versions.default: the value must be an integer")]
    [InlineData("{\n \"versions\": {\n \"default\": 1.5 } }", "model.json:3: versions.default: the value must be an integer")]
    [InlineData("{\n \"versions\": [] }", "model.json:2: versions: the value must be an object")]
    [InlineData("{\n \"predict\": {\n \"deadline\": 5 } }", "model.json:3: predict.deadline: the value must be a time such as")]
    [InlineData("{\n \"predict\": {\n \"deadline\": \"1 s\" } }", "model.json:3: predict.deadline: the value must be a time such as")]
    [InlineData("{\n \"predict\": { \"features\": [\n \"a\",\n 5 ] } }", "model.json:4: predict.features[1]: the value must be a string")]
    public void Read_WrongType_NamesLineAndPath(string json, string start) => Assert.StartsWith(start, Fault(json), StringComparison.Ordinal);

    [Theory]
    [InlineData("{ \"predict\":\n null }", 1, "predict")]
    [InlineData("{\n \"predict\": { \"deadline\": null } }", 2, "predict.deadline")]
    [InlineData("{ \"predict\": { \"features\": [\n null ] } }", 2, "predict.features[0]")]
    [InlineData("{ \"predict\": { \"request\": {\n \"amount\": null } } }", 2, "predict.request.amount")]
    [InlineData("{ \"predict\": { \"inputs\": { \"x\": [ \"a\",\n null ] } } }", 2, "predict.inputs.x[1]")]
    public void Read_Null_IsRefusedWhereverItStands(string json, int line, string path) =>
        Assert.Equal($"model.json:{line}: {path}: the value is null. Write a value, or remove it.", Fault(json));

    private static ModelManifest Read(string json) => ManifestReader.Read("model.json", Encoding.UTF8.GetBytes(json)).Manifest;

    private static string Fault(string json) => Assert.Throws<InferenceStartupException>(() => Read(json)).Message;
}
