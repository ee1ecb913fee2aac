using System.Text.Json;
using IntegrationTests.Infrastructure;
using OrleansInference;

namespace IntegrationTests;

/// <summary>Loading and unloading through the client, which outlives the program.</summary>
public sealed class ModelLifecycleTests : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly string _models;

    public ModelLifecycleTests()
    {
        _models = _directory.CopyModels(Repository.TestModels, "identity");
        TestModels.CopyIdentity(_models, "other");
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Unload_ThenRestart_StaysUnloadedUntilItIsLoaded()
    {
        await using (var server = await StartAsync())
        {
            var change = await server.Client.UnloadModelAsync("identity");

            Assert.Equal((1, 0), (change.Epoch, change.LaggingSilos.Count));
            await AssertUnloadedAsync(server.Client);
        }

        await using (var server = await StartAsync())
        {
            await AssertUnloadedAsync(server.Client);

            var change = await server.Client.LoadModelAsync("identity");

            Assert.Equal((2, 0), (change.Epoch, change.LaggingSilos.Count));
            Assert.True(await server.Client.IsModelReadyAsync("identity"));
            Assert.Equal(1, (await server.Client.InferIdentityAsync()).Version);
        }

        await using (var server = await StartAsync())
        {
            Assert.Equal(1, (await server.Client.InferIdentityAsync()).Version);
        }
    }

    [Fact]
    public async Task Load_NewVersionAndModel_ServesThemAtOnce()
    {
        await using var server = await StartAsync();
        TestModels.CopyIdentity(_models, "identity", "2");
        TestModels.CopyIdentity(_models, "third");

        await server.Client.LoadModelAsync("identity");
        await server.Client.LoadModelAsync("third");

        Assert.Equal(2, (await server.Client.InferIdentityAsync()).Version);
        Assert.Equal(1, (await server.Client.InferIdentityAsync("third")).Version);
    }

    [Fact]
    public async Task Load_Broken_AnswersWhyAndServesTheOld()
    {
        await using var server = await StartAsync();
        await File.WriteAllTextAsync(Path.Combine(_models, "identity", "model.json"), """{ "versions": { "default": 7 } }""", TestContext.Current.CancellationToken);

        var failure = await Assert.ThrowsAsync<InferenceException>(() => server.Client.LoadModelAsync("identity"));

        Assert.Equal(InferenceErrorCode.ModelFailed, failure.Code);
        Assert.Contains("model.json:1: versions.default: there is no version 7.", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, (await server.Client.InferIdentityAsync()).Version);
        Assert.Contains(await server.Client.ListModelsAsync(), entry => entry is { Name: "identity", State: ModelState.Ready } && entry.Reason.Contains("no version 7", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("..")]
    [InlineData("../models/identity")]
    [InlineData("/etc")]
    public async Task Load_NoSuchModel_IsNotFound(string model)
    {
        await using var server = await StartAsync();

        Assert.Equal(InferenceErrorCode.NotFound, (await Assert.ThrowsAsync<InferenceException>(() => server.Client.LoadModelAsync(model))).Code);
        Assert.Equal(InferenceErrorCode.NotFound, (await Assert.ThrowsAsync<InferenceException>(() => server.Client.UnloadModelAsync(model))).Code);
    }

    [Fact]
    public async Task Describe_LabelsAndBatching_AreTold()
    {
        TestModels.CopyIdentity(_models, "identity", "2");
        await File.WriteAllTextAsync(
            Path.Combine(_models, "identity", "model.json"),
            """{ "versions": { "labels": { "stable": 1 } }, "batching": { "maxBatchSize": 16 } }""",
            TestContext.Current.CancellationToken);
        await using var server = await StartAsync();

        var model = await server.Client.GetModelAsync("identity", "stable");
        var config = JsonDocument.Parse(await server.Client.GetModelConfigAsync("identity")).RootElement;
        var statistics = await server.Client.GetStatisticsAsync("identity");

        Assert.Equal(("identity", 1, "onnx_onnxv1", 16), (model.Name, model.Version, model.Platform, model.MaxBatchSize));
        Assert.Equal([1, 2], model.Versions);
        Assert.Equal(1, model.Labels["stable"]);
        Assert.Equal((2, "all", 16, 4096), (
            config.GetProperty("versions").GetProperty("default").GetInt32(),
            config.GetProperty("versions").GetProperty("policy").GetString(),
            config.GetProperty("batching").GetProperty("maxBatchSize").GetInt32(),
            config.GetProperty("batching").GetProperty("maxQueueLength").GetInt32()));
        Assert.Equal([(1, 0L, 0L), (2, 0L, 0L)], statistics.Select(each => (each.Version, each.InferenceCount, each.ExecutionCount)));
        Assert.Equal("Model identity has no version '9'. It serves: 1, 2, stable.", (await Assert.ThrowsAsync<InferenceException>(() => server.Client.GetModelAsync("identity", "9"))).Message);
    }

    private static async Task AssertUnloadedAsync(IInferenceClient client)
    {
        Assert.Equal(InferenceErrorCode.NotReady, (await Assert.ThrowsAsync<InferenceException>(() => client.InferIdentityAsync())).Code);
        Assert.False(await client.IsModelReadyAsync("identity"));
        Assert.Contains(new ModelIndexEntry("identity", 1, ModelState.Unavailable, "It was unloaded through the API."), await client.ListModelsAsync());
        Assert.Equal(1, (await client.InferIdentityAsync("other")).Version);
        Assert.True(await client.IsReadyAsync());
    }

    // All starts on one data directory: what is agreed on in one is kept in the next.
    private Task<InProcessServer> StartAsync() => InProcessServer.StartAsync(
        new TestDirectory(),
        [$"Inference:DataDirectory={_directory.File("data")}", $"Inference:ModelRepository:Path={_models}", "Inference:ModelRepository:PollInterval=00:00:00"]);
}
