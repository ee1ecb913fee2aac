using System.Globalization;
using IntegrationTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using OrleansInference;

namespace IntegrationTests.Features;

/// <summary>A model whose answer is the feature <c>stored.value</c>.</summary>
internal static class ViewModel
{
    private const string Manifest =
        """
        {
          "predict": {
            "request": { "extra": { "type": "number", "default": 0 } },
            "features": [ "stored" ],
            "inputs": { "x": [ "stored.value", "request.extra", "request.extra", "request.extra" ] },
            "response": { "prediction": { "output": "y" } },
            "deadline": "{deadline}",
            "onDeadline": "{onDeadline}"
          }
        }
        """;

    /// <summary>A server with the model and the view <c>stored</c>, which reads PostgreSQL.</summary>
    public static Task<InProcessServer> StartOnPostgreSqlAsync(TestDirectory directory, string database, string sql, params string[] settings) => StartAsync(
        directory, ["Provider=PostgreSql", $"ConnectionString={database}", $"Sql={sql}", .. settings]);

    /// <summary>A server with the model and the view, which has a column <c>value</c> with the default -1.</summary>
    public static Task<InProcessServer> StartAsync(TestDirectory directory, string[] view, string deadline = "00:00:20", string onDeadline = "fail", Action<IServiceCollection>? configure = null)
    {
        var models = directory.CopyModels(Repository.TestModels, "identity");
        File.WriteAllText(Path.Combine(models, "identity", "model.json"), Manifest.Replace("{deadline}", deadline, StringComparison.Ordinal).Replace("{onDeadline}", onDeadline, StringComparison.Ordinal));
        return InProcessServer.StartAsync(directory, [
            $"Inference:ModelRepository:Path={models}",
            "Inference:FeatureViews:stored:Timeout=00:00:15",
            "Inference:FeatureViews:stored:Columns:value:Default=-1",
            .. view.Select(setting => $"Inference:FeatureViews:stored:{setting}")], configure);
    }

    /// <summary>The feature as the next prediction uses it.</summary>
    public static async Task<UsedFeature> PredictAsync(this InProcessServer server, string user)
    {
        var prediction = await server.Client.PredictAsync(new PredictionRequest { UserId = user }, TestContext.Current.CancellationToken);
        var used = (await server.Client.GetPredictionAsync(prediction.PredictionId)).Features.Single(feature => feature.Name == "stored.value");
        Assert.Equal(prediction.Value, Convert.ToDouble(used.Value, CultureInfo.InvariantCulture));
        return used;
    }
}
