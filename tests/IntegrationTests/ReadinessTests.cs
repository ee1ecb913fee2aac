using System.Net;
using IntegrationTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using OrleansInference;
using OrleansInference.Grains.Models.Sessions;

namespace IntegrationTests;

/// <summary>What is answered while the models of the start are still being loaded.</summary>
public sealed class ReadinessTests : IDisposable
{
    private const string Manifest =
        """
        {
          "predict": {
            "request":  { "a": { "type": "number", "required": true } },
            "inputs":   { "x": [ "request.a", "request.a", "request.a", "request.a" ] },
            "response": { "prediction": { "output": "y" } }
          }
        }
        """;

    private readonly TestDirectory _directory = new();
    private readonly CountingSessions _sessions = new();
    private readonly TaskCompletionSource _loading = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _open = new();
    private readonly string _models;

    public ReadinessTests()
    {
        _models = _directory.CopyModels(Repository.TestModels, "identity");
        File.WriteAllText(Path.Combine(_models, "identity", "model.json"), Manifest);
        _sessions.OnLoad = _ =>
        {
            _loading.TrySetResult();
            _open.Wait(TimeSpan.FromSeconds(60));
        };
    }

    public void Dispose()
    {
        _open.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Health_WhileAModelLoads_IsLiveButNotReady()
    {
        await using var server = await StartAsync();
        await _loading.Task;
        try
        {
            Assert.Equal("live", (await server.Http.GetJsonAsync("/health/live")).GetProperty("status").GetString());
            using var response = await server.Http.GetAsync("/health/ready", TestContext.Current.CancellationToken);
            var problem = await Problem.ReadAsync(response);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "The models that load at the start are not all loaded and warm. Ask again; POST /v2/repository/index tells the state of each."), (problem.Status, problem.Detail));
            Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta);
            using var v2 = await server.Http.GetAsync("/v2/health/ready", TestContext.Current.CancellationToken);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(1)), (v2.StatusCode, v2.Headers.RetryAfter?.Delta));
            Assert.False(await server.Client.IsReadyAsync());
        }
        finally
        {
            _open.Set();
        }

        await Eventually.TrueAsync(() => server.Client.IsReadyAsync());
        Assert.Equal("ready", (await server.Http.GetJsonAsync("/health/ready")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Health_OnThePortOfTheMetrics_IsTheSame()
    {
        var port = FreePort.Find();
        await using var server = await StartAsync($"Inference:Metrics:Port={port}");
        using var own = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        await _loading.Task;
        try
        {
            using var live = await own.GetAsync("/health/live", TestContext.Current.CancellationToken);
            using var loading = await own.GetAsync("/health/ready", TestContext.Current.CancellationToken);

            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable), (live.StatusCode, loading.StatusCode));
            Assert.Contains("not all loaded and warm", await loading.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
        finally
        {
            _open.Set();
        }

        await Eventually.TrueAsync(() => server.Client.IsReadyAsync());
        using var ready = await own.GetAsync("/health/ready", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    [Fact]
    public async Task Requests_WhileAModelLoads_AreToldToComeAgain()
    {
        await using var server = await StartAsync();
        await _loading.Task;
        try
        {
            using var response = await server.Http.PostAsync(
                "/v1/models/identity/predict", new StringContent("""{"user_id": 1, "a": 2}""", System.Text.Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter!.Delta);
            Assert.Equal(InferenceErrorCode.NotReady, (await Assert.ThrowsAsync<InferenceException>(() => server.Client.InferIdentityAsync())).Code);
            Assert.False(await server.Client.IsModelReadyAsync("identity"));
        }
        finally
        {
            _open.Set();
        }

        await Eventually.TrueAsync(() => server.Client.IsReadyAsync());
        Assert.Equal(1, (await server.Client.InferIdentityAsync()).Version);
    }

    [Fact]
    public async Task ModelReady_Served_IsTrueAndWhatThereIsNotIsNotFound()
    {
        _open.Set();
        await using var server = await StartAsync();
        await Eventually.TrueAsync(() => server.Client.IsReadyAsync());

        Assert.True(await server.Client.IsModelReadyAsync("identity"));
        Assert.True(await server.Client.IsModelReadyAsync("identity", "1"));
        Assert.Equal(InferenceErrorCode.NotFound, (await Assert.ThrowsAsync<InferenceException>(() => server.Client.IsModelReadyAsync("identity", "2"))).Code);
        Assert.Equal(InferenceErrorCode.NotFound, (await Assert.ThrowsAsync<InferenceException>(() => server.Client.IsModelReadyAsync("none"))).Code);
    }

    private Task<InProcessServer> StartAsync(params string[] settings) => InProcessServer.StartWithoutModelsAsync(
        _directory, [$"Inference:ModelRepository:Path={_models}", .. settings], services => services.AddSingleton<IModelSessionFactory>(_sessions));
}
