using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.External;
using OrleansInference.Grains.Features.Transforms;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Grains.Features.Windows;
using OrleansInference.Grains.Models.Manifest;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.Models.Sessions;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Outbox;
using UnitTests.Fakes;

namespace UnitTests.Grains.Models.Planning;

/// <summary>
/// Compiles a small good manifest, changed where the test says so: field <c>amount</c>, view <c>spending</c> (mean with a
/// default, last without), service <c>risk</c> (needs the field terminal; score, text), targets <c>desk</c> and <c>review</c>,
/// transforms <c>ratio</c> (reads request.amount, spending.mean) and <c>twice</c> (reads ratio.value, calendar.hour), source <c>own</c>
/// by code; one version with the input x [-1, 2] FP32 and the output y [-1, 2] FP32.
/// </summary>
internal sealed class PlanBuilder
{
    private readonly JsonObject _manifest = (JsonObject)JsonNode.Parse(
        """
        {
          "predict": {
            "request": { "terminal": { "type": "string", "required": true }, "amount": { "type": "number", "default": 0 } },
            "features": [ "spending" ],
            "externals": [ "risk" ],
            "inputs": { "x": [ "request.amount", "spending.mean" ] },
            "response": { "prediction": { "output": "y", "index": 1 } }
          }
        }
        """)!;

    private readonly SortedDictionary<int, ModelMetadata> _versions = new() { [1] = Version(new TensorMetadata("x", TensorDatatype.FP32, [-1, 2])) };

    public static ModelMetadata Version(params TensorMetadata[] inputs) => new(inputs, [new TensorMetadata("y", TensorDatatype.FP32, [-1, 2])]);

    /// <summary>Puts JSON at a key below <c>predict</c>, such as <c>response.info</c>.</summary>
    public PlanBuilder With(string path, string json)
    {
        var keys = path.Split('.');
        JsonNode parent = _manifest["predict"]!;
        foreach (var key in keys[..^1]) parent = parent[key]!;
        parent[keys[^1]] = JsonNode.Parse(json);
        return this;
    }

    public PlanBuilder WithVersion(int version, ModelMetadata metadata)
    {
        _versions[version] = metadata;
        return this;
    }

    public PlanBuilder WithInput(TensorDatatype datatype, params long[] shape) => WithVersion(1, Version(new TensorMetadata("x", datatype, shape)));

    public PlanBuilder WithOutput(TensorDatatype datatype, params long[] shape) =>
        WithVersion(1, new ModelMetadata([new TensorMetadata("x", TensorDatatype.FP32, [-1, 2])], [new TensorMetadata("y", datatype, shape)]));

    public PredictPlan Compile()
    {
        var (manifest, faults) = ManifestReader.Read("model.json", Encoding.UTF8.GetBytes(_manifest.ToJsonString()));
        return new PlanCompiler("fraud", manifest.Predict!, faults, Sources(), Targets()).Compile(_versions)!;
    }

    /// <summary>The faults, without file and line.</summary>
    public IReadOnlyList<string> Faults() =>
        [.. Assert.Throws<InferenceStartupException>(Compile).Message.Split(Environment.NewLine).Select(fault => fault["model.json:1: ".Length..])];

    private static FeatureSources Sources()
    {
        var time = new FakeTimeProvider();
        var view = new FeatureViewOptions { Columns = { ["mean"] = new FeatureColumnOptions { Default = "0" }, ["last"] = new FeatureColumnOptions() } };
        var service = new ExternalServiceOptions
        {
            BaseAddress = "http://risk",
            Path = "/{terminal}",
            Columns = { ["score"] = new FeatureColumnOptions { Default = "0" }, ["text"] = new FeatureColumnOptions { Type = "text" } },
        };
        return new FeatureSources(
        [
            new CalendarTransform(time),
            new FeatureView("spending", view, new FakeFeatureDatabase(), time, FakeMeterFactory.Instruments, NullLogger<FeatureView>.Instance),
            new ExternalService("risk", service, new FakeHttpClientFactory(), time, FakeMeterFactory.Instruments, NullLogger<ExternalService>.Instance),
            WindowViews.Spending(options => options.Columns.Add("places", new WindowColumnOptions { Aggregate = "distinct", Of = "place", Window = TimeSpan.FromDays(1) }), "live"),
            new FakeFeatureSource("own", new FeatureColumn("score", FeatureType.Number, "score", FeatureValue.Of(0))),
        ],
        [
            new FakeFeatureTransform("ratio", (_, _) => { }, "request.amount", "spending.mean"),
            new FakeFeatureTransform("twice", (_, _) => { }, "ratio.value", "calendar.hour"),
        ]);
    }

    private static WebhookTargets Targets() => new(new Dictionary<string, WebhookOptions>
    {
        ["review"] = new() { Url = "http://review" },
        ["desk"] = new() { Url = "http://desk" },
    });
}
