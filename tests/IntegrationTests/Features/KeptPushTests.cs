using IntegrationTests.Infrastructure;
using OrleansInference;

namespace IntegrationTests.Features;

/// <summary>Pushed features in a silo that is killed: a view with a database behind it, and one that only pushes fill.</summary>
public sealed class KeptPushTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Push_SiloIsKilled_IsInThePredictionsAfterwards()
    {
        using var directory = new TestDirectory();
        var models = directory.CopyModels(Repository.TestModels, "identity");
        File.WriteAllText(
            Path.Combine(models, "identity", "model.json"),
            """
            {
              "predict": {
                "request": { "extra": { "type": "number", "default": 0 } },
                "features": [ "stored", "given" ],
                "inputs": { "x": [ "stored.value", "given.value", "request.extra", "request.extra" ] },
                "response": { "prediction": { "output": "y" }, "info": { "feature": "given.name" } },
                "deadline": "00:00:20"
              }
            }
            """);
        await using var silo = await RestartableSilo.StartAsync(
            directory,
            $"Inference:FeatureViews:stored:{new StoredUsers(directory).Setting}",
            $"Inference:FeatureViews:stored:Sql={StoredUsers.Sql}",
            "Inference:FeatureViews:stored:Ttl=01:00:00",
            "Inference:FeatureViews:stored:Columns:value:Default=-1",
            "Inference:FeatureViews:given:Kind=Push",
            "Inference:FeatureViews:given:Columns:value:Default=-2",
            "Inference:FeatureViews:given:Columns:name:Type=text",
            "Inference:FeatureViews:given:Columns:name:Default=nobody");
        Assert.Equal((7, -2, "default", "nobody"), await PredictAsync(silo.Client));
        var at = DateTimeOffset.UtcNow;
        Assert.True((await PushAsync(silo.Client, "stored", at, ("value", 70))).Applied);
        Assert.True((await PushAsync(silo.Client, "given", at, ("value", 700), ("name", "Anna"))).Applied);

        await silo.RestartAsync();

        Assert.Equal((70, 700, "fresh", "Anna"), await PredictAsync(silo.Client));
        Assert.False((await PushAsync(silo.Client, "given", at.AddSeconds(-1), ("value", 1))).Applied);
        await silo.Client.InvalidateFeaturesAsync("7", "stored", Cancellation);
        await silo.Client.InvalidateFeaturesAsync("7", "given", Cancellation);
        await silo.RestartAsync();
        Assert.Equal((7, -2, "default", "nobody"), await PredictAsync(silo.Client));
    }

    private static Task<FeaturePushResult> PushAsync(IInferenceClient client, string view, DateTimeOffset at, params (string Name, RequestValue Value)[] values) =>
        client.PushFeaturesAsync("7", view, new FeaturePush { EventTime = at, Values = [.. values.Select(value => new RequestField(value.Name, value.Value))] }, Cancellation);

    private static async Task<(double Stored, double Given, string Status, string Name)> PredictAsync(IInferenceClient client)
    {
        var prediction = await client.PredictAsync(new PredictionRequest { UserId = "7", Details = true }, Cancellation);
        var features = prediction.Details!.Features.ToDictionary(feature => feature.Name);
        return ((double)features["stored.value"].Value!, (double)features["given.value"].Value!, features["given.value"].Status, prediction.Info);
    }
}
