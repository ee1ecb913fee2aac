using IntegrationTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Transforms;

namespace IntegrationTests.Features;

/// <summary>Sources and transforms of a team's own, registered in its program and named in its manifest.</summary>
public sealed class OwnFeatureCodeTests
{
    [Fact]
    public async Task Predict_SourceAndTransformByCode_AreComputedAndRecorded()
    {
        var directory = new TestDirectory();
        await using var server = await InProcessServer.StartAsync(
            directory,
            FeatureModel.Write(directory, "ratio.amount_to_length", """ "features": [ "key" ], "transforms": [ "ratio" ] """),
            services => services.AddFeatureSource<KeyLength>().AddFeatureTransform<Ratio>());

        var (_, answer) = await server.Http.PostJsonAsync("/predict", """{"user_id": 7, "key": "four", "amount": 10}""");

        Assert.Equal(2.5, answer.GetProperty("prediction").GetDouble());
        var features = server.Log.ReadFeatures(answer.GetProperty("prediction_id").GetGuid());
        Assert.Equal((4, 2.5), (features["key.length"].Number, features["ratio.amount_to_length"].Number));
    }

    [Fact]
    public async Task Predict_TransformByConfiguration_SeesTheRequestsDefaults()
    {
        var directory = new TestDirectory();
        await using var server = await InProcessServer.StartAsync(directory, [
            .. FeatureModel.Write(directory, "half.amount", """ "transforms": [ "half" ] """),
            "Inference:Transforms:half:Columns:amount:Divide:0=request.amount",
            "Inference:Transforms:half:Columns:amount:Divide:1=2",
            "Inference:Transforms:half:Columns:amount:Default=0"]);

        var (_, answer) = await server.Http.PostJsonAsync("/predict", """{"user_id": 7, "key": "k"}""");

        Assert.Equal(4, answer.GetProperty("prediction").GetDouble());
    }

    private static FeatureColumn Column(string name) => new(name, FeatureType.Number, name, FeatureValue.Of(0).AsDefault());

    private sealed class KeyLength(TimeProvider time) : IFeatureSource
    {
        public string Name => "key";

        public IReadOnlyList<FeatureColumn> Columns { get; } = [Column("length")];

        public IReadOnlyList<string> RequestFields => ["key"];

        public ValueTask<FeatureRow> ReadAsync(FeatureQuery query) =>
            new(new FeatureRow([FeatureValue.Of(query.Request["key"].Text!.Length)], time.GetTimestamp()));
    }

    private sealed class Ratio : IFeatureTransform
    {
        public string Name => "ratio";

        public IReadOnlyList<FeatureColumn> Columns { get; } = [Column("amount_to_length")];

        public IReadOnlyList<string> Inputs => ["request.amount", "key.length"];

        public void Compute(ReadOnlySpan<FeatureValue> inputs, Span<FeatureValue> outputs) =>
            outputs[0] = FeatureValue.Of(inputs[0].Number / inputs[1].Number);
    }
}
