using System.Collections.Concurrent;
using IntegrationTests.Infrastructure;
using Microsoft.AspNetCore.Http;
using OrleansInference;

namespace IntegrationTests;

/// <summary>What changes in the model repository is served while requests run.</summary>
public sealed class HotSwapTests : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly string _models;

    public HotSwapTests() => _models = _directory.CopyModels(Repository.TestModels, "identity");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Swap_VersionAppearsWhileRequestsRun_AnswersAllOnVersionsThatServed()
    {
        await using var server = await StartAsync();
        using var enough = new CancellationTokenSource();
        var versions = new ConcurrentBag<int>();
        var callers = Enumerable.Range(0, 8).Select(_ => Task.Run(() => CallAsync(server.Client, versions, enough.Token))).ToArray();

        AddVersion("2");
        await Eventually.TrueAsync(() => versions.Contains(2));
        Directory.Delete(Path.Combine(_models, "identity", "1"), recursive: true);
        await Eventually.TrueAsync(async () => (await server.Client.GetModelAsync("identity")).Versions is [2]);
        await enough.CancelAsync();
        await Task.WhenAll(callers);

        Assert.Equal([1, 2], versions.Distinct().Order());
    }

    [Fact]
    public async Task Swap_NewVersionBroken_KeepsTheOldOneAndShowsWhy()
    {
        await using var server = await StartAsync();

        AddVersion("2", "no model");
        await Eventually.TrueAsync(async () => (await server.Client.ListModelsAsync()).Any(entry => entry.Version == 2 && entry.Reason.Contains("cannot load", StringComparison.Ordinal)));
        var index = await server.Client.ListModelsAsync();
        var answer = await server.Client.InferIdentityAsync();

        Assert.Equal([(1, ModelState.Ready), (2, ModelState.Unavailable)], index.Select(entry => (entry.Version!.Value, entry.State)));
        Assert.StartsWith($"{Path.Combine(_models, "identity", "2", "model.onnx")}: ONNX Runtime cannot load this file", index[1].Reason, StringComparison.Ordinal);
        Assert.Equal(1, answer.Version);
    }

    [Fact]
    public async Task Swap_BrokenVersionMended_ServesIt()
    {
        await using var server = await StartAsync();
        AddVersion("2", "no model");
        await Eventually.TrueAsync(async () => (await server.Client.ListModelsAsync()).Any(entry => entry.Version == 2 && entry.Reason.Contains("cannot load", StringComparison.Ordinal)));

        AddVersion("2");

        await Eventually.TrueAsync(async () => (await server.Client.InferIdentityAsync()).Version == 2);
        Assert.All(await server.Client.ListModelsAsync(), entry => Assert.Equal("", entry.Reason));
    }

    [Fact]
    public async Task Swap_ModelAppearsAndGoes_IsServedAndForgotten()
    {
        await using var server = await StartAsync();

        TestModels.CopyIdentity(_models, "other");
        await Eventually.TrueAsync(async () => (await server.Client.ListModelsAsync()).Any(entry => entry is { Name: "other", State: ModelState.Ready }));
        var answer = await server.Client.InferIdentityAsync("other");
        Directory.Delete(Path.Combine(_models, "other"), recursive: true);
        await Eventually.TrueAsync(async () => (await server.Client.ListModelsAsync()).All(entry => entry.Name != "other"));
        var gone = await Assert.ThrowsAsync<InferenceException>(() => server.Client.InferIdentityAsync("other"));

        Assert.Equal(1, answer.Version);
        Assert.Equal((InferenceErrorCode.NotFound, "There is no model 'other'. Served here: identity."), (gone.Code, gone.Message));
    }

    [Fact]
    public async Task Predict_ModelSwappedWhileItsFeaturesAreRead_EndsOnTheVersionThatTheyAreFor()
    {
        var (asked, answer) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var remote = await TestHttpService.StartAsync(async context =>
        {
            asked.TrySetResult();
            await answer.Task;
            await context.Response.WriteAsync("""{"value": 2.5, "text": "late"}""");
        });
        using var directory = new TestDirectory();
        var settings = TestModel.Write(directory, "SELECT value FROM users WHERE user_id = @user_id", remote.Address);
        await using var server = await InProcessServer.StartAsync(
            new TestDirectory(), [.. settings, "Inference:ModelRepository:PollInterval=00:00:00", "Inference:ExternalServices:remote:Timeout=00:00:20"]);
        var models = directory.File("models");
        var manifest = Path.Combine(models, "identity", "model.json");
        await File.WriteAllTextAsync(manifest, (await File.ReadAllTextAsync(manifest, TestContext.Current.CancellationToken)).Replace("00:00:05", "00:00:20", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        await server.Client.LoadModelAsync("identity");

        var predicting = server.Http.PostJsonAsync("/predict", """{"user_id": 7, "key": "k"}""");
        await asked.Task;
        TestModels.CopyIdentity(models, "identity", "2");
        Directory.Delete(Path.Combine(models, "identity", "1"), recursive: true);
        await server.Client.LoadModelAsync("identity");
        var served = await server.Client.InferIdentityAsync();
        answer.SetResult();
        var (status, body) = await predicting;

        Assert.Equal(2, served.Version);
        Assert.True(status is System.Net.HttpStatusCode.OK, $"{status} {body}");
        Assert.Equal((2.5, "1"), (body.GetProperty("prediction").GetDouble(), body.GetProperty("model_version").GetString()));
    }

    private Task<InProcessServer> StartAsync(params string[] settings) => InProcessServer.StartAsync(
        _directory, [$"Inference:ModelRepository:Path={_models}", "Inference:ModelRepository:PollInterval=00:00:00.1", .. settings]);

    private static async Task CallAsync(IInferenceClient client, ConcurrentBag<int> versions, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            var answer = await client.InferIdentityAsync();
            versions.Add(answer.Version);
        }
    }

    private void AddVersion(string version, string? text = null)
    {
        var file = Path.Combine(_models, "identity", version, "model.onnx");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        if (text is null) File.Copy(Path.Combine(Repository.TestModels, "identity", "1", "model.onnx"), file, overwrite: true);
        else File.WriteAllText(file, text);
    }
}
