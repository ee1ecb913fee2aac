using System.Net;
using IntegrationTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Providers;
using Orleans.Runtime;
using Orleans.Storage;
using OrleansInference;
using OrleansInference.Grains.Models.Control;

namespace IntegrationTests.AfterThePrediction;

/// <summary>A database that does not take or give what grains keep: the caller is told what was not kept, and may ask again.</summary>
public sealed class StoredStateTests : IDisposable
{
    private const string Manifest =
        """
        { "predict": { "request": { "x": { "type": "number", "required": true } }, "inputs": { "x": [ "request.x" ] }, "response": { "prediction": { "output": "y" } } } }
        """;

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("replay-roster", "The list of replays could not be stored: grain storage does not answer. Retry.")]
    [InlineData("replay", "could not be stored: grain storage does not answer. Retry.")]
    public async Task Replay_StateCannotBeWritten_IsUnavailableAndBeginsLater(string state, string told)
    {
        await using var server = await StartAsync();
        Execute(server, Refuse(state, "INSERT"), Refuse(state, "UPDATE"));

        var refusal = await StartReplayAsync(server);

        AssertUnavailable(refusal, told);
        Execute(server, "DROP TRIGGER refuse_INSERT", "DROP TRIGGER refuse_UPDATE");
        await AssertReplaysAsync(server);
    }

    [Fact]
    public async Task Replay_StateCannotBeReadAtActivation_IsUnavailableAndBeginsLater()
    {
        await using var server = await StartAsync();
        await DeactivateAsync(server);
        Execute(server, "ALTER TABLE grain_state RENAME TO hidden");

        var refusal = await StartReplayAsync(server);

        AssertUnavailable(refusal, "The list of replays could not be read: grain storage does not answer. Retry.");
        Execute(server, "ALTER TABLE hidden RENAME TO grain_state");
        await AssertReplaysAsync(server);
    }

    [Fact]
    public async Task Replay_AskedForWhileItsStateCannotBeRead_IsUnavailableAndKnownLater()
    {
        await using var server = await StartAsync();
        var report = await AssertReplaysAsync(server);
        await DeactivateAsync(server);
        Execute(server, "ALTER TABLE grain_state RENAME TO hidden");

        using var response = await server.Http.GetAsync($"/v1/replays/{report.ReplayId}", TestContext.Current.CancellationToken);

        AssertUnavailable((response.Headers.RetryAfter?.Delta, await Problem.ReadAsync(response)), $"Replay {report.ReplayId} could not be read: grain storage does not answer. Retry.");
        Execute(server, "ALTER TABLE hidden RENAME TO grain_state");
        Assert.Equal(report.ReplayId, (await server.Services.GetRequiredService<IReplayClient>().GetAsync(report.ReplayId)).ReplayId);
    }

    [Fact]
    public async Task Replay_PagesCannotBeWrittenForAWhile_GoesOnAndCompletes()
    {
        await using var server = await StartAsync();
        Execute(server, Refuse("replay", "UPDATE"));
        var replays = server.Services.GetRequiredService<IReplayClient>();
        var report = await replays.StartAsync(new ReplayQuery { Model = "identity", Version = "1" });
        await Eventually.TrueAsync(async () => (await replays.GetAsync(report.ReplayId)).Done > 0);

        Execute(server, "DROP TRIGGER refuse_UPDATE");

        await Eventually.TrueAsync(() => server.Log.Read("SELECT etag FROM grain_state WHERE name = 'replay'", row => row.GetInt64(0)).Single() > 1);
        Assert.Equal((ReplayState.Completed, 1L), ((await replays.GetAsync(report.ReplayId)).State, (await replays.GetAsync(report.ReplayId)).Done));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Replay_AnswerToAWriteOfAPageLost_GoesOnFromWhatIsStored(int write)
    {
        await using var server = await StartAsync(
            services => services.AddKeyedSingleton<IGrainStorage>(
                ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, (provider, _) => new AnswerLosingStorage(provider.GetRequiredService<IGrainStorage>(), "replay", write)),
            "Inference:Replay:PageSize=1");
        for (var i = 0; i < 2; i++) await PredictAsync(server);
        var replays = server.Services.GetRequiredService<IReplayClient>();

        var report = await replays.StartAsync(new ReplayQuery { Model = "identity", Version = "1" });
        await Eventually.TrueAsync(async () => (report = await replays.GetAsync(report.ReplayId)).State is not ReplayState.Running);

        Assert.Equal((ReplayState.Completed, null, 3L, 3L), (report.State, report.Fault, report.Done, Assert.Single(report.Versions).Count));
        await DeactivateAsync(server);
        Assert.Equal((ReplayState.Completed, 3L), ((await replays.GetAsync(report.ReplayId)).State, (await replays.GetAsync(report.ReplayId)).Done));
    }

    [Theory]
    [InlineData("load")]
    [InlineData("unload")]
    public async Task Control_StateCannotBeWritten_IsUnavailableAndChangesLater(string change)
    {
        await using var server = await StartAsync();
        Execute(server, Refuse("model-control", "INSERT"), Refuse("model-control", "UPDATE"));

        var refusal = await ChangeAsync(server, change);

        AssertUnavailable(refusal, "What is agreed on for model identity could not be stored: grain storage does not answer. Retry.");
        Execute(server, "DROP TRIGGER refuse_INSERT", "DROP TRIGGER refuse_UPDATE");
        await AssertChangesAsync(server, change);
    }

    [Fact]
    public async Task Control_AskedWhileAChangeIsStoredInVain_IsWhatIsStored()
    {
        var writes = new HeldStateWrites();
        await using var server = await StartAsync(writes.Hold);
        await server.Client.LoadModelAsync("identity");
        writes.Arm();
        var unloading = server.Client.UnloadModelAsync("identity");
        await writes.Reached;

        var agreed = await server.Services.GetRequiredService<IGrainFactory>().GetGrain<IModelControlStateGrain>("identity").GetAsync();
        writes.Fail();

        Assert.Equal(InferenceErrorCode.StorageUnavailable, (await Assert.ThrowsAsync<InferenceException>(() => unloading)).Code);
        Assert.Equal((1, false), (agreed.Epoch, agreed.Unloaded));
        await AssertChangesAsync(server, "unload");
    }

    [Theory]
    [InlineData("load")]
    [InlineData("unload")]
    public async Task Control_StateCannotBeReadAtActivation_IsUnavailableAndChangesLater(string change)
    {
        await using var server = await StartAsync();
        await DeactivateAsync(server);
        Execute(server, "ALTER TABLE grain_state RENAME TO hidden");

        var refusal = await ChangeAsync(server, change);

        AssertUnavailable(refusal, "What is agreed on for model identity could not be read: grain storage does not answer. Retry.");
        Execute(server, "ALTER TABLE hidden RENAME TO grain_state");
        await AssertChangesAsync(server, change);
    }

    private async Task<InProcessServer> StartAsync(Action<IServiceCollection>? configure = null, params string[] settings)
    {
        var models = _directory.CopyTestModels("identity");
        TestModels.WriteManifest(models, "identity", Manifest.Replace("\"request.x\"", "\"request.x\", \"request.x\", \"request.x\", \"request.x\"", StringComparison.Ordinal));
        var server = await InProcessServer.StartAsync(new TestDirectory(), [$"Inference:ModelRepository:Path={models}", "Inference:ModelRepository:PollInterval=00:00:00", .. settings], configure);
        await PredictAsync(server);
        return server;
    }

    private static Task<Prediction> PredictAsync(InProcessServer server) =>
        server.Client.PredictAsync(new PredictionRequest { Model = "identity", UserId = "7", Fields = [new("x", 1)] }, TestContext.Current.CancellationToken);

    // As a full disk or a lost permission does, for one state alone.
    private static string Refuse(string state, string statement) =>
        $"CREATE TRIGGER refuse_{statement} BEFORE {statement} ON grain_state WHEN NEW.name = '{state}' BEGIN SELECT RAISE(ABORT, 'on purpose'); END";

    private static void Execute(InProcessServer server, params string[] statements)
    {
        using var connection = server.Log.Open();
        foreach (var statement in statements)
        {
            using var command = connection.CreateCommand();
            command.CommandText = statement;
            command.ExecuteNonQuery();
        }
    }

    private static Task DeactivateAsync(InProcessServer server) => server.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);

    private static Task<(TimeSpan? RetryAfter, Problem Problem)> StartReplayAsync(InProcessServer server) => PostAsync(server, "/v1/models/identity/replay", """{"version": "1"}""");

    private static async Task<(TimeSpan? RetryAfter, Problem Problem)> PostAsync(InProcessServer server, string path, string body)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await server.Http.PostAsync(path, content, TestContext.Current.CancellationToken);
        return (response.Headers.RetryAfter?.Delta, await Problem.ReadAsync(response));
    }

    private static async Task<(TimeSpan? RetryAfter, InferenceException Fault)> ChangeAsync(InProcessServer server, string change)
    {
        var fault = await Assert.ThrowsAsync<InferenceException>(() => change == "load" ? server.Client.LoadModelAsync("identity") : server.Client.UnloadModelAsync("identity"));
        return (fault.RetryAfter, fault);
    }

    private static void AssertUnavailable((TimeSpan? RetryAfter, Problem Problem) refusal, string told)
    {
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "StorageUnavailable"), (refusal.Problem.Status, refusal.Problem.Code));
        Assert.EndsWith(told, refusal.Problem.Detail, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(1), refusal.RetryAfter);
    }

    private static void AssertUnavailable((TimeSpan? RetryAfter, InferenceException Fault) refusal, string told) =>
        Assert.Equal((InferenceErrorCode.StorageUnavailable, told, TimeSpan.FromSeconds(1)), (refusal.Fault.Code, refusal.Fault.Message, refusal.RetryAfter));

    private static async Task<ReplayReport> AssertReplaysAsync(InProcessServer server)
    {
        var replays = server.Services.GetRequiredService<IReplayClient>();
        var report = await replays.StartAsync(new ReplayQuery { Model = "identity", Version = "1" });
        await Eventually.TrueAsync(async () => (report = await replays.GetAsync(report.ReplayId)).State is not ReplayState.Running);
        Assert.Equal((ReplayState.Completed, 1L), (report.State, report.Done));
        return report;
    }

    private static async Task AssertChangesAsync(InProcessServer server, string change)
    {
        if (change == "load") await server.Client.LoadModelAsync("identity");
        else await server.Client.UnloadModelAsync("identity");
        Assert.Equal(change == "load", await server.Client.IsModelReadyAsync("identity"));
    }

    /// <summary>Grain storage that does one write of a state, and whose answer to it does not come.</summary>
    private sealed class AnswerLosingStorage(IGrainStorage storage, string name, int lost) : IGrainStorage
    {
        private int _writes;

        public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => storage.ReadStateAsync(stateName, grainId, grainState);

        public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            var etag = grainState.ETag;
            await storage.WriteStateAsync(stateName, grainId, grainState);
            if (stateName != name || Interlocked.Increment(ref _writes) != lost) return;
            grainState.ETag = etag;
            throw new IOException("on purpose");
        }

        public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => storage.ClearStateAsync(stateName, grainId, grainState);
    }
}
