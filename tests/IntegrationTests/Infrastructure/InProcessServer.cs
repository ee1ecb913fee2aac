using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansInference;
using OrleansInference.Api;

namespace IntegrationTests.Infrastructure;

/// <summary>The real program inside the test's process, on a free port with a data directory of its own.</summary>
internal sealed class InProcessServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly TestDirectory _directory;

    private InProcessServer(WebApplication app, TestDirectory directory)
    {
        _app = app;
        _directory = directory;
        Http = new HttpClient { BaseAddress = new Uri(ListenPlan.RestAddresses(app.Services)[0]) };
        GrpcAddress = new Uri(ListenPlan.GrpcAddresses(app.Services)[0]);
    }

    public HttpClient Http { get; }

    public Uri GrpcAddress { get; }

    public IInferenceClient Client => Services.GetRequiredService<IInferenceClient>();

    public IServiceProvider Services => _app.Services;

    public string DataDirectory => _directory.File("data");

    public PredictionDatabase Log => new(DataDirectory);

    /// <summary>Starts with settings such as <c>Inference:DefaultModel=x</c>; the directory is disposed with the server.</summary>
    public static Task<InProcessServer> StartAsync(TestDirectory directory, IEnumerable<string> settings, Action<IServiceCollection>? configure = null) =>
        StartAsync(directory, settings, configure, app => app.StartInferenceAsync());

    /// <summary>Starts and does not wait for the models.</summary>
    public static Task<InProcessServer> StartWithoutModelsAsync(TestDirectory directory, IEnumerable<string> settings, Action<IServiceCollection> configure) =>
        StartAsync(directory, settings, configure, app => app.StartAsync());

    private static async Task<InProcessServer> StartAsync(
        TestDirectory directory, IEnumerable<string> settings, Action<IServiceCollection>? configure, Func<WebApplication, Task> start)
    {
        string[] args = [
            $"--Inference:DataDirectory={directory.File("data")}",
            "--Inference:Grpc:Port=0",
            .. settings.Select(setting => $"--{setting}"),
            "--urls=http://127.0.0.1:0"];
        var app = await ApiHost.BuildAsync(args, configure);
        try
        {
            await start(app);
            return new InProcessServer(app, directory);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts with the shipped models and the demo.</summary>
    public static async Task<InProcessServer> StartDemoAsync(Action<IServiceCollection>? configure = null, params string[] settings)
    {
        var directory = new TestDirectory();
        await DemoData.CopyToAsync(directory.File("data"));
        return await StartAsync(directory, ["Inference:Demo=true", .. settings], configure);
    }

    /// <summary>Starts the demo with time for everything, however busy the machine: for tests that are not about time.</summary>
    public static Task<InProcessServer> StartPatientDemoAsync(params string[] settings) => StartPatientDemoAsync(configure: null, settings);

    /// <summary>The same with other services.</summary>
    public static async Task<InProcessServer> StartPatientDemoAsync(Action<IServiceCollection>? configure, string[] settings)
    {
        var directory = new TestDirectory();
        await DemoData.CopyToAsync(directory.File("data"));
        var models = directory.CopyModels(Repository.Models, "fraud", "tutorial");
        GivePatience(Path.Combine(models, "fraud", "model.json"));
        return await StartAsync(directory, [
            $"Inference:ModelRepository:Path={models}",
            "Inference:Demo=true",
            "Inference:FeatureViews:spending:History:Timeout=00:00:20",
            "Inference:FeatureViews:profile:Timeout=00:00:20",
            "Inference:ExternalServices:terminal_risk:Timeout=00:00:20",
            .. settings], configure);
    }

    private static void GivePatience(string manifest)
    {
        var json = JsonNode.Parse(File.ReadAllText(manifest))!;
        json["predict"]!["deadline"] = "00:00:25";
        File.WriteAllText(manifest, json.ToJsonString());
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _directory.Dispose();
    }
}
