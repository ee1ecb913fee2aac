using System.Collections.Concurrent;
using System.Net;
using Azure.Data.Tables;
using IntegrationTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;
using OrleansInference;

namespace IntegrationTests.Storage.Azure;

/// <summary>Azure goes and comes back under predictions: none fails, nobody is counted wrong, and snapshots catch up.</summary>
public sealed class GrainStateOutageTests : IDisposable
{
    private const int Users = 6;

    private readonly CapturedLog _log = new();

    public void Dispose() => _log.Dispose();

    [Theory]
    [InlineData("AzureTable", false)]
    [InlineData("AzureBlob", false)]
    [InlineData("AzureTable", true)]
    public async Task Predict_AzureGoneAndBack_CountsOnAndSnapshotsCatchUp(string provider, bool isPaused)
    {
        await using var azurite = await AzuriteServer.StartNewAsync();
        var place = new AzurePlace(azurite, "state");
        await using var server = await InProcessServer.StartPatientDemoAsync(
            services => services.AddSingleton<ILoggerProvider>(_log),
            [.. place.GrainState(provider), "Inference:GrainState:AttemptTimeout=00:00:00.5", "Inference:GrainState:MaxRetries=1", "Inference:Snapshots:PauseAfterFailure=00:00:00.5"]);
        var counts = new ConcurrentDictionary<int, int>();
        using var done = new CancellationTokenSource();
        var clients = Task.WhenAll(Enumerable.Range(0, Users).Select(user => PredictAsync(server, user, counts, done.Token)));

        await UntilCountedAsync(counts, clients, more: 3);
        await DeactivateAsync(server);
        await UntilSnapshotsAsync(place, provider, clients, _ => true);
        var before = (await ReadETagsAsync(place, provider)).Values.ToHashSet();

        await (isPaused ? azurite.PauseAsync() : azurite.StopAsync());
        await UntilCountedAsync(counts, clients, more: 3);
        await DeactivateAsync(server);
        await UntilCountedAsync(counts, clients, more: 3);
        await Eventually.TrueAsync(() => clients.IsFaulted || _log.Count("Grain storage does not answer; users who come back") > 0);

        await (isPaused ? azurite.ResumeAsync() : azurite.StartAsync());
        await Eventually.TrueAsync(async () =>
        {
            if (clients.IsFaulted) await clients;
            await DeactivateAsync(server);
            return (await ReadETagsAsync(place, provider)).Values.Count(etag => !before.Contains(etag)) >= Users;
        });
        await UntilCountedAsync(counts, clients, more: 3);
        await done.CancelAsync();
        await clients;

        Assert.Equal(0, _log.Count(AzuriteServer.Secret));
        TestContext.Current.TestOutputHelper?.WriteLine($"{counts.Values.Sum()} predictions, none failed; {_log.Count("Grain storage does not answer; users who come back")} outages told");
    }

    [Fact]
    public async Task Control_StoredBehindItsBack_IsRefusedOnceAndReadAgain()
    {
        await using var azurite = await AzuriteServer.StartNewAsync();
        var place = new AzurePlace(azurite, "state");
        using var directory = new TestDirectory();
        await using var server = await InProcessServer.StartAsync(
            new TestDirectory(), [$"Inference:ModelRepository:Path={directory.CopyModels(Repository.TestModels, "identity")}", "Inference:ModelRepository:PollInterval=00:00:00", .. place.GrainState("AzureTable")]);
        await server.Client.LoadModelAsync("identity");
        var row = await place.Table.QueryAsync<TableEntity>(entity => entity.RowKey == "model-control", cancellationToken: TestContext.Current.CancellationToken).SingleAsync(TestContext.Current.CancellationToken);

        // As another activation would: the same again, under another etag.
        await place.Table.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace, TestContext.Current.CancellationToken);
        var overtaken = await Assert.ThrowsAsync<InferenceException>(() => server.Client.LoadModelAsync("identity"));
        await Eventually.TrueAsync(async () => await Record.ExceptionAsync(() => server.Client.LoadModelAsync("identity")) is null);

        Assert.Equal(InferenceErrorCode.NotReady, overtaken.Code);
    }

    [Fact]
    public async Task Control_AzureGone_RefusesChangesAndServesOn()
    {
        await using var azurite = await AzuriteServer.StartNewAsync();
        using var directory = new TestDirectory();
        await using var server = await InProcessServer.StartAsync(
            new TestDirectory(),
            [
                $"Inference:ModelRepository:Path={directory.CopyModels(Repository.TestModels, "identity")}", "Inference:ModelRepository:PollInterval=00:00:00",
                .. new AzurePlace(azurite, "state").GrainState("AzureTable"), "Inference:GrainState:AttemptTimeout=00:00:00.5", "Inference:GrainState:MaxRetries=0",
            ]);
        await server.Client.LoadModelAsync("identity");
        await azurite.StopAsync();

        var (status, problem) = await server.Http.PostJsonAsync("/v2/repository/models/identity/unload", "{}");
        var answer = await server.Client.InferIdentityAsync();
        await azurite.StartAsync();
        await Eventually.TrueAsync(async () => await Record.ExceptionAsync(() => server.Client.LoadModelAsync("identity")) is null);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("could not be stored", problem.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, answer.Version);
    }

    // One after the other for each user, so that each counts one more than the one before: no event lost, none counted twice.
    private static async Task PredictAsync(InProcessServer server, int user, ConcurrentDictionary<int, int> counts, CancellationToken done)
    {
        for (var expected = 1; !done.IsCancellationRequested; expected++)
        {
            var (status, answer) = await server.Http.PostJsonAsync("/predict", $$"""{"user_id": "outage-{{user}}", "raw_feature": "3156", "amount": 10}""");
            Assert.True(status is HttpStatusCode.OK, $"user {user}, prediction {expected}: {status} {answer}");
            var features = (await server.Http.GetJsonAsync($"/v1/predictions/{answer.GetProperty("prediction_id").GetString()}")).GetProperty("features");
            Assert.Equal(expected, (int)features.GetProperty("spending.count_1d").GetProperty("value").GetDouble());
            counts[user] = expected;
        }
    }

    private static async Task UntilCountedAsync(ConcurrentDictionary<int, int> counts, Task clients, int more)
    {
        var from = Enumerable.Range(0, Users).ToDictionary(user => user, user => counts.GetValueOrDefault(user));
        await Eventually.TrueAsync(() => clients.IsFaulted || from.All(user => counts.GetValueOrDefault(user.Key) >= user.Value + more));
        if (clients.IsFaulted) await clients;
    }

    private static Task DeactivateAsync(InProcessServer server) => server.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);

    private static async Task UntilSnapshotsAsync(AzurePlace place, string provider, Task clients, Func<string, bool> isMeant) => await Eventually.TrueAsync(async () =>
    {
        if (clients.IsFaulted) await clients;
        return (await ReadETagsAsync(place, provider)).Values.Count(isMeant) >= Users;
    });

    private static async Task<Dictionary<string, string>> ReadETagsAsync(AzurePlace place, string provider)
    {
        var cancellation = TestContext.Current.CancellationToken;
        return provider == "AzureTable"
            ? await place.Table.QueryAsync<TableEntity>(entity => entity.RowKey == "user", cancellationToken: cancellation).ToDictionaryAsync(row => row.PartitionKey, row => row.ETag.ToString(), cancellationToken: cancellation)
            : await place.Container.GetBlobsAsync(cancellationToken: cancellation).Where(blob => blob.Name.StartsWith("user-", StringComparison.Ordinal)).ToDictionaryAsync(blob => blob.Name, blob => blob.Properties.ETag!.Value.ToString(), cancellationToken: cancellation);
    }
}
