using System.Net;
using IntegrationTests.Infrastructure;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using OrleansInference.Api;
using OrleansInference.Grains.Models.Sessions;

namespace IntegrationTests.OpenInference;

/// <summary>Assertions 1 to 3: health.</summary>
public sealed class RestHealthTests(OpenInferenceServer server)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact, Trait("assertion", "1"), Trait("assertion", "2")]
    public async Task Health_ModelStillLoads_IsLiveButNotReady()
    {
        using var directory = new TestDirectory();
        using var factory = new GatedSessionFactory();
        string[] args =
        [
            $"--Inference:ModelRepository:Path={directory.CopyModels(Repository.TestModels, "identity")}", $"--Inference:DataDirectory={directory.File("data")}", "--urls=http://127.0.0.1:0",
        ];
        await using var app = await ApiHost.BuildAsync(args, services => services.AddSingleton<IModelSessionFactory>(factory));
        await app.StartAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = AddressOf(app) };

        await factory.Loading.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.True((await http.GetJsonAsync("/v2/health/live")).GetProperty("live").GetBoolean());
        var (status, body) = await ReadyAsync(http);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, false), (status, body.GetProperty("ready").GetBoolean()));
        Assert.NotEmpty(body.GetProperty("error").GetString()!);

        factory.Open();
        await Eventually.TrueAsync(async () => (await ReadyAsync(http)).Status is HttpStatusCode.OK);
        Assert.Equal(["1", "2", "3", "4"], (await http.InferAsync("identity", Rest.Good)).Data());
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    [Theory, Trait("assertion", "3")]
    [InlineData("/v2/models/identity/ready", "identity")]
    [InlineData("/v2/models/versioned/versions/2/ready", "versioned")]
    public async Task ModelReady_Served_Answers200(string path, string name)
    {
        var body = await server.Http.GetJsonAsync(path);

        Assert.Equal((name, true), (body.GetProperty("name").GetString(), body.GetProperty("ready").GetBoolean()));
    }

    [Theory, Trait("assertion", "3")]
    [InlineData("/v2/models/nothing/ready", "'nothing'")]
    [InlineData("/v2/models/versioned/versions/9/ready", "'9'")]
    [InlineData("/v2/models/versioned/versions/nothing/ready", "'nothing'")]
    public async Task ModelReady_Unknown_Answers404NamingIt(string path, string named)
    {
        using var response = await server.Http.GetAsync(path, TestContext.Current.CancellationToken);

        Assert.Contains(named, await response.ReadErrorAsync(HttpStatusCode.NotFound), StringComparison.Ordinal);
    }

    [Fact, Trait("assertion", "3")]
    public async Task ModelReady_Unloaded_Answers503UntilLoadedAgain()
    {
        var directory = new TestDirectory();
        var models = directory.CopyModels(Repository.TestModels, "identity", "vector");
        await using var own = await InProcessServer.StartAsync(directory, [$"Inference:ModelRepository:Path={models}"]);

        var (unloaded, _) = await own.Http.PostJsonAsync("/v2/repository/models/vector/unload", """{"parameters": {"unload_dependents": true}}""");
        var (status, body) = await GetAsync(own.Http, "/v2/models/vector/ready");
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable), (unloaded, status));
        Assert.Equal(("vector", false), (body.GetProperty("name").GetString(), body.GetProperty("ready").GetBoolean()));

        var (loaded, change) = await own.Http.PostJsonAsync("/v2/repository/models/vector/load", "{}");
        Assert.Equal((HttpStatusCode.OK, 0), (loaded, change.GetProperty("lagging_silos").GetArrayLength()));
        Assert.True((await own.Http.GetJsonAsync("/v2/models/vector/ready")).GetProperty("ready").GetBoolean());
    }

    private static Uri AddressOf(WebApplication app) => new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    private static Task<(HttpStatusCode Status, System.Text.Json.JsonElement Body)> ReadyAsync(HttpClient http) => GetAsync(http, "/v2/health/ready");

    private static async Task<(HttpStatusCode Status, System.Text.Json.JsonElement Body)> GetAsync(HttpClient http, string path)
    {
        using var response = await http.GetAsync(path, TestContext.Current.CancellationToken);
        return (response.StatusCode, await Json.ReadAsync(response));
    }

    /// <summary>Loads models as the program does, but not before the test lets it.</summary>
    private sealed class GatedSessionFactory : IModelSessionFactory, IDisposable
    {
        private readonly OnnxModelSessionFactory _real = new();
        private readonly TaskCompletionSource _loading = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _gate = new();

        public Task Loading => _loading.Task;

        public void Open() => _gate.Set();

        public IModelSession Load(string modelFile)
        {
            _loading.TrySetResult();
            if (!_gate.Wait(Patience)) throw new TimeoutException($"The test did not let {modelFile} be loaded within {Patience}.");
            return _real.Load(modelFile);
        }

        public void Dispose() => _gate.Dispose();
    }
}
