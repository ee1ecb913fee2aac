using System.Diagnostics.Metrics;
using System.Net;
using IntegrationTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Silo.WarmUp;

namespace IntegrationTests;

/// <summary>The program sends itself predictions before it is ready, and nobody can tell afterwards.</summary>
public sealed class PathWarmUpTests : IDisposable
{
    private const string NotWarm = "The path of a prediction could not be warmed up";

    // Everything that could leave a trace, were this model the one that is asked.
    private const string Manifest =
        """
        {
          "predict": {
            "request": { "a": { "type": "number", "required": true } },
            "features": [ "profile" ],
            "inputs": { "x": [ "request.a", "profile.f", "request.a", "request.a" ] },
            "response": { "prediction": { "output": "y" } },
            "alerts": [ { "when": { "field": "prediction", "above": -1 }, "to": "desk" } ]
          }
        }
        """;

    private readonly TestDirectory _directory = new();
    private readonly CapturedLog _log = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("Inference:Security:AllowAnonymous=false")]
    [InlineData("Inference:Security:ApiKey=open sesame")]
    public async Task Start_WithWarmUp_AnswersItselfAndLeavesNoTrace(string security)
    {
        using var answered = new WarmUpMeter();
        await using var server = await StartAsync(configure: CountingFeatureDatabase.Decorate, settings: [security, "Inference:WarmUp:Duration=00:00:02"]);
        server.Http.DefaultRequestHeaders.Add("X-Api-Key", "open sesame");
        await GoneAsync(server);

        Assert.InRange(answered.Runs, 1, long.MaxValue);
        Assert.Equal(0, _log.Count(NotWarm));
        Assert.Equal(0, server.Log.CountPredictions());
        Assert.Equal(0, server.Log.Read("SELECT count(*) FROM outbox", row => row.GetInt64(0)).Single());
        Assert.Equal(0, server.Log.Read("SELECT count(*) FROM grain_state", row => row.GetInt64(0)).Single());
        Assert.Equal(0, ((CountingFeatureDatabase)server.Services.GetRequiredService<IFeatureDatabase>()).Queries);
        Assert.Equal("identity", Assert.Single(await server.Client.ListModelsAsync()).Name);
        Assert.Equal(0, Assert.Single(await server.Client.GetStatisticsAsync()).InferenceCount);
        await Eventually.TrueAsync(async () => await CountUsersAsync(server) == 0);
        Assert.DoesNotContain("warm-up", await server.Http.GetStringAsync("/metrics", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.PostJsonAsync($"/v1/models/{IPathWarmUp.Model}/predict", """{"user_id": 1, "amount": 2}""")).Status);
    }

    [Fact]
    public async Task Health_WhileItLasts_IsLiveButNotReadyAndAStopEndsIt()
    {
        var caller = new FakeCaller(cancellationToken => Task.Delay(Timeout.Infinite, cancellationToken));
        await using var server = await StartAsync(caller, settings: "Inference:WarmUp:Duration=00:00:30");

        await caller.Called;
        Assert.Equal("live", (await server.Http.GetJsonAsync("/health/live")).GetProperty("status").GetString());
        var problem = await Problem.ReadAsync(await server.Http.GetAsync("/health/ready", TestContext.Current.CancellationToken));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "The service is warming up, for Inference:WarmUp:Duration at most. Ask again."), (problem.Status, problem.Detail));

        // Ctrl-C: what has 30 s ends at once.
        server.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await server.Services.GetRequiredService<IPathWarmUp>().Completion.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal(0, _log.Count(NotWarm));
    }

    [Fact]
    public async Task Ready_CallerNeverEnds_ComesWhenTheTimeIsUp()
    {
        var caller = new FakeCaller(cancellationToken => Task.Delay(Timeout.Infinite, cancellationToken));
        await using var server = await StartAsync(caller, settings: "Inference:WarmUp:Duration=00:00:00.200");

        await Eventually.TrueAsync(() => IsReadyAsync(server));
        Assert.Equal(0, _log.Count(NotWarm));
    }

    [Fact]
    public async Task Ready_CallerFails_ComesAllTheSameAndIsLoggedOnce()
    {
        var caller = new FakeCaller(_ => throw new InvalidOperationException("no way"));
        await using var server = await StartAsync(caller, settings: "Inference:WarmUp:Duration=00:00:30");

        await Eventually.TrueAsync(() => IsReadyAsync(server));
        Assert.Equal(1, _log.Count(NotWarm));
    }

    [Fact]
    public async Task Ready_DurationIsZero_ComesWithoutACall()
    {
        var caller = new FakeCaller(_ => throw new InvalidOperationException("no way"));
        await using var server = await StartAsync(caller, settings: "Inference:WarmUp:Duration=00:00:00");

        Assert.True(await IsReadyAsync(server));
        Assert.False(caller.Called.IsCompleted);
        Assert.Equal(0, _log.Count(NotWarm));
    }

    private static async Task<bool> IsReadyAsync(InProcessServer server)
    {
        using var response = await server.Http.GetAsync("/health/ready", TestContext.Current.CancellationToken);
        return response.StatusCode is HttpStatusCode.OK;
    }

    private static async Task GoneAsync(InProcessServer server)
    {
        await Eventually.TrueAsync(() => IsReadyAsync(server));
        await server.Services.GetRequiredService<PathWarmUp>().Gone;
    }

    private static async Task<int> CountUsersAsync(InProcessServer server)
    {
        var grains = await server.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).GetSimpleGrainStatistics();
        return grains.Where(grain => grain.GrainType.Contains("UserGrain", StringComparison.Ordinal)).Sum(grain => grain.ActivationCount);
    }

    private Task<InProcessServer> StartAsync(IWarmUpCaller? caller = null, Action<IServiceCollection>? configure = null, params string[] settings)
    {
        var models = _directory.CopyTestModels("identity");
        TestModels.WriteManifest(models, "identity", Manifest);
        return InProcessServer.StartAsync(
            _directory,
            [
                $"Inference:ModelRepository:Path={models}",
                "Inference:FeatureViews:profile:ConnectionString=Data Source=:memory:",
                "Inference:FeatureViews:profile:Sql=SELECT 1 AS f WHERE @user_id IS NOT NULL",
                "Inference:FeatureViews:profile:Columns:f:Default=0",
                "Inference:Webhooks:desk:Url=http://127.0.0.1:1",
                .. settings,
            ],
            services =>
            {
                services.AddSingleton<ILoggerProvider>(_log);
                if (caller is not null) services.AddSingleton(caller);
                configure?.Invoke(services);
            });
    }

    private sealed class FakeCaller(Func<CancellationToken, Task> call) : IWarmUpCaller
    {
        private readonly TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Called => _called.Task;

        public Task CallAsync(string body, CancellationToken cancellationToken)
        {
            _called.TrySetResult();
            return call(cancellationToken);
        }
    }

    /// <summary>Counts the runs of the warm-up's own model.</summary>
    private sealed class WarmUpMeter : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _runs;

        public WarmUpMeter()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument is { Name: "inference.batch.size", Meter.Name: "OrleansInference.WarmUp" }) listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<int>((_, _, _, _) => Interlocked.Increment(ref _runs));
            _listener.Start();
        }

        public long Runs => Interlocked.Read(ref _runs);

        public void Dispose() => _listener.Dispose();
    }
}
