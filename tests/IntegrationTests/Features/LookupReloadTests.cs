using IntegrationTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Lookups;

namespace IntegrationTests.Features;

/// <summary>A lookup's file changes under a running server.</summary>
public sealed class LookupReloadTests
{
    [Fact]
    public async Task Predict_FileChangesBreaksAndIsCorrected_ServesEachGoodState()
    {
        var directory = new TestDirectory();
        var file = directory.File("weights.json");
        await WriteAsync(file, """{ "k": { "weight": 1.5 } }""");
        await using var server = await InProcessServer.StartAsync(directory, [
            .. FeatureModel.Write(directory, "weights.weight", """ "lookups": [ "weights" ] """),
            $"Inference:Lookups:weights:Path={file}",
            "Inference:Lookups:weights:Field=key",
            "Inference:Lookups:weights:ReloadInterval=00:00:00.050",
            "Inference:Lookups:weights:Columns:weight:Default=-1"]);
        Assert.Equal(1.5, await PredictAsync(server));

        await WriteAsync(file, """{ "k": { "weight": 22 } }""");
        await Eventually.TrueAsync(async () => await PredictAsync(server) == 22);

        await WriteAsync(file, """{ "k": { "weight": "much" } }""");
        var lookup = server.Services.GetRequiredService<FeatureSources>().Of<Lookup>().Single();
        await Eventually.TrueAsync(() => lookup.LastError is not null);
        Assert.Equal(22, await PredictAsync(server));

        // As a deployment does: another file, moved over the old one.
        await WriteAsync(file + ".new", """{ "k": { "weight": 333 } }""");
        File.Move(file + ".new", file, overwrite: true);
        await Eventually.TrueAsync(async () => await PredictAsync(server) == 333);
        Assert.Null(lookup.LastError);
    }

    private static Task WriteAsync(string file, string text) => File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);

    private static async Task<double> PredictAsync(InProcessServer server)
    {
        var (_, answer) = await server.Http.PostJsonAsync("/predict", """{"user_id": 7, "key": "k"}""");
        return answer.GetProperty("prediction").GetDouble();
    }
}
