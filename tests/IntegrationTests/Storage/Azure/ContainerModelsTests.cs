using System.Globalization;
using IntegrationTests.Features;
using IntegrationTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OrleansInference;

namespace IntegrationTests.Storage.Azure;

/// <summary>The program serves the models of a container, and goes on when the container is gone.</summary>
public sealed class ContainerModelsTests : IAsyncLifetime
{
    private const string Container = "models";

    private readonly TestDirectory _data = new();
    private readonly CapturedLog _log = new();
    private AzuriteServer _azurite = null!;

    public async ValueTask InitializeAsync()
    {
        _azurite = await AzuriteServer.StartNewAsync();
        await _azurite.Blobs.CreateBlobContainerAsync(Container);
        await UploadAsync("identity");
    }

    public async ValueTask DisposeAsync()
    {
        await _azurite.DisposeAsync();
        _data.Dispose();
        _log.Dispose();
    }

    [Fact]
    public async Task Serve_ContainerChangesWhileTheProgramRuns_FollowsIt()
    {
        await using var server = await StartAsync();
        Assert.Equal(1, (await server.Client.InferIdentityAsync()).Version);

        await PutVersionAsync("identity", "2");
        await Eventually.TrueAsync(async () => (await server.Client.InferIdentityAsync()).Version == 2);
        await UploadAsync("external");
        await Eventually.TrueAsync(async () => (await server.Client.ListModelsAsync()).Any(entry => entry is { Name: "external", State: ModelState.Ready }));
        await _azurite.Blobs.GetBlobContainerClient(Container).DeleteBlobAsync("identity/2/model.onnx", cancellationToken: TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () => (await server.Client.InferIdentityAsync()).Version == 1);
    }

    [Fact]
    public async Task Start_ContainerGone_ServesTheCopiesAndSaysSo()
    {
        await using (await StartAsync())
        {
        }

        await _azurite.StopAsync();
        await using var server = await StartAsync();

        Assert.Equal(1, (await server.Client.InferIdentityAsync()).Version);
        Assert.Equal(1, _log.Count("models are served from the copies in "));
        Assert.Equal(0, _log.Count(AzuriteServer.Secret));
    }

    [Fact]
    public async Task Serve_ContainerGoneAndBack_ServesOnAndFollowsAgain()
    {
        await using var server = await StartAsync();
        await _azurite.StopAsync();
        await Eventually.TrueAsync(() => _log.Count("models are served from the copies in ") == 1);
        Assert.Equal(1, (await server.Client.InferIdentityAsync()).Version);

        await _azurite.StartAsync();
        await PutVersionAsync("identity", "2");
        await Eventually.TrueAsync(async () => (await server.Client.InferIdentityAsync()).Version == 2);

        Assert.Equal(1, _log.Count(" can be read again"));
    }

    [Fact]
    public async Task Start_LookupInTheContainer_IsReadAndReadAgain()
    {
        FeatureModel.Write(_data, "weights.weight", """ "lookups": [ "weights" ] """);
        await PutAsync("identity/model.json", _data.File("models/identity/model.json"));
        await PutWeightAsync(1.5);
        await using var server = await StartAsync(
            "Inference:Lookups:weights:Path=identity/weights.json",
            "Inference:Lookups:weights:Field=key",
            "Inference:Lookups:weights:ReloadInterval=00:00:00.050",
            "Inference:Lookups:weights:Columns:weight:Default=-1");
        Assert.Equal(1.5, await PredictAsync(server));

        await PutWeightAsync(22);

        await Eventually.TrueAsync(async () => await PredictAsync(server) == 22);
    }

    [Fact]
    public async Task Load_NobodyLooks_LooksWhenItIsAsked()
    {
        await using var server = await StartAsync("Inference:ModelRepository:PollInterval=00:00:00");
        await PutVersionAsync("identity", "2");
        await PutVersionAsync("new", "1");

        await server.Client.LoadModelAsync("identity");
        await server.Client.LoadModelAsync("new");

        Assert.Equal((2, 1), ((await server.Client.InferIdentityAsync()).Version, (await server.Client.InferIdentityAsync("new")).Version));
    }

    private Task<InProcessServer> StartAsync(params string[] settings) => InProcessServer.StartAsync(
        new TestDirectory(),
        [
            $"Inference:DataDirectory={_data.File("data")}",
            $"Inference:ModelRepository:Blob:ConnectionString={_azurite.ConnectionString}",
            $"Inference:ModelRepository:Blob:Container={Container}",
            "Inference:ModelRepository:PollInterval=00:00:00.1",
            "Logging:LogLevel:OrleansInference=Information",
            .. settings,
        ],
        services => services.AddSingleton<ILoggerProvider>(_log));

    private async Task UploadAsync(string model)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.TestModels, model), "*", SearchOption.AllDirectories))
            await PutAsync(Path.GetRelativePath(Repository.TestModels, file), file);
    }

    private async Task PutWeightAsync(double weight)
    {
        await File.WriteAllTextAsync(_data.File("weights.json"), string.Create(CultureInfo.InvariantCulture, $$"""{ "k": { "weight": {{weight}} } }"""), TestContext.Current.CancellationToken);
        await PutAsync("identity/weights.json", _data.File("weights.json"));
    }

    private static async Task<double> PredictAsync(InProcessServer server)
    {
        var (_, answer) = await server.Http.PostJsonAsync("/predict", """{"user_id": 7, "key": "k"}""");
        return answer.GetProperty("prediction").GetDouble();
    }

    private Task PutVersionAsync(string model, string version) => PutAsync($"{model}/{version}/model.onnx", Path.Combine(Repository.TestModels, "identity", "1", "model.onnx"));

    private async Task PutAsync(string name, string file) => await _azurite.Blobs.GetBlobContainerClient(Container).GetBlobClient(name).UploadAsync(file, overwrite: true, TestContext.Current.CancellationToken);
}
