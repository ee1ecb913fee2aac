using System.Net;
using IntegrationTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using OrleansInference;
using OrleansInference.Grains.Models.Sessions;

namespace IntegrationTests;

/// <summary>More models in the folder than may be in memory.</summary>
public sealed class ModelResidencyTests : IDisposable
{
    private const int Models = 1_000;
    private const int Limit = 10;

    private readonly TestDirectory _directory = new();
    private readonly CountingSessions _sessions = new();

    // Keeps loads from ending until the test lets them.
    private readonly ManualResetEventSlim _mayLoad = new(initialState: true);

    public void Dispose()
    {
        _mayLoad.Set();
        _mayLoad.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Infer_ThousandModelsWithALimitOfTen_EachAnswersAndNeverMoreThanTenAreInMemory()
    {
        for (var i = 0; i < Models; i++) TestModels.CopyIdentity(_directory.File("models"), $"m{i}");
        await using var server = await InProcessServer.StartAsync(
            _directory,
            [$"Inference:ModelRepository:Path={_directory.File("models")}", $"Inference:Models:MaxLoadedModels={Limit}"],
            services => services.AddSingleton<IModelSessionFactory>(_sessions));
        Assert.Equal(0, _sessions.Loads);

        await Parallel.ForEachAsync(Enumerable.Range(0, Models), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
        {
            var answer = await server.Client.InferIdentityAsync($"m{i}", value: i);
            Assert.Equal([i, i, i, i], answer.Outputs[0].Elements<float>().ToArray());
        });
        var index = await server.Client.ListModelsAsync();

        Assert.Equal((Models, Limit), (_sessions.Loads, _sessions.MostResident));
        Assert.Equal(Models, index.Count);
        Assert.InRange(index.Count(entry => entry.State is ModelState.Ready), 1, Limit);
        Assert.True(await server.Client.IsReadyAsync());
    }

    [Theory]
    [InlineData("/v2/models/slow/infer", """{"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 1], "data": [1]}, {"name": "iterations", "datatype": "FP32", "shape": [1, 1], "data": [1]}]}""")]
    [InlineData("/v1/models/slow/predict", """{"user_id": "42", "x": 1, "iterations": 1}""")]
    public async Task Infer_ColdModelLoadsLongerThanItsCallersTime_Is504MeanwhileAndTheNextIsServed(string path, string body)
    {
        _mayLoad.Reset();
        _sessions.OnLoad = _ => _mayLoad.Wait(TimeSpan.FromSeconds(60));
        await using var server = await InProcessServer.StartAsync(
            _directory, [$"Inference:ModelRepository:Path={_directory.CopySlow()}", "Inference:Models:MaxLoadedModels=1"], services => services.AddSingleton<IModelSessionFactory>(_sessions));

        // It can only be answered before the load has ended: nothing lets that happen until then.
        var (late, why) = await PostAsync(server.Http, path, body, timeoutMs: 300);
        _mayLoad.Set();
        var (next, answer) = await PostAsync(server.Http, path, body, timeoutMs: null);

        Assert.True(late is HttpStatusCode.GatewayTimeout, $"{late}: {why}");
        Assert.True(next is HttpStatusCode.OK, $"{next}: {answer}");
        Assert.Equal(1, _sessions.Loads);
    }

    [Fact]
    public async Task Predict_ColdModelLoadsLongerThanItsDeadline_Is504AndTheNextIsServed()
    {
        const string Body = """{"user_id": "42", "x": 1, "iterations": 1}""";
        var models = _directory.CopySlow(deadline: "00:00:02");
        // What the manifest allows is known when it has been read, which is within the load.
        _sessions.OnLoad = _ => Thread.Sleep(TimeSpan.FromSeconds(3));
        await using var server = await InProcessServer.StartAsync(
            _directory, [$"Inference:ModelRepository:Path={models}", "Inference:Models:MaxLoadedModels=1"], services => services.AddSingleton<IModelSessionFactory>(_sessions));

        var (late, why) = await PostAsync(server.Http, "/v1/models/slow/predict", Body, timeoutMs: null);
        var (next, answer) = await PostAsync(server.Http, "/v1/models/slow/predict", Body, timeoutMs: null);

        Assert.True(late is HttpStatusCode.GatewayTimeout && why.Contains("predict.deadline", StringComparison.Ordinal), $"{late}: {why}");
        Assert.True(next is HttpStatusCode.OK, $"{next}: {answer}");
    }

    private static async Task<(HttpStatusCode Status, string Body)> PostAsync(HttpClient http, string path, string body, int? timeoutMs)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, mediaType: new("application/json")) };
        if (timeoutMs is not null) request.Headers.Add("X-Request-Timeout-Ms", $"{timeoutMs}");
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
