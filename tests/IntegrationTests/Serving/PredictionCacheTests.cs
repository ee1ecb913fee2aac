using IntegrationTests.Infrastructure;
using OrleansInference;

namespace IntegrationTests.Serving;

/// <summary>A model that remembers its answers.</summary>
public sealed class PredictionCacheTests
{
    [Fact]
    public async Task Cache_IdenticalRequestsAtTheSameTime_RunOnce()
    {
        await using var server = await StartAsync("""{ "cache": { } }""");
        var before = await StatisticsAsync(server);

        // Some half second a run: the other 99 come while it runs.
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => server.Client.InferAsync("slow", Floats.Slow(500), TestContext.Current.CancellationToken)));

        var after = await StatisticsAsync(server);
        Assert.All(answers, answer => Assert.Equal(1, answer.First()));
        Assert.Equal(1, after.ExecutionCount - before.ExecutionCount);
        Assert.Equal((99, 1), (after.CacheHit.Count - before.CacheHit.Count, after.CacheMiss.Count - before.CacheMiss.Count));
    }

    [Fact]
    public async Task Cache_AskedAgain_AnswersWithoutARunUnlessBypassed()
    {
        await using var server = await StartAsync("""{ "cache": { "maxEntries": 10, "ttl": "01:00:00" } }""");
        var before = await StatisticsAsync(server);

        await server.Client.InferAsync("slow", Floats.Slow(1), TestContext.Current.CancellationToken);
        await server.Client.InferAsync("slow", Floats.Slow(1), TestContext.Current.CancellationToken);
        await server.Client.InferAsync("slow", Floats.Slow(1) with { BypassCache = true }, TestContext.Current.CancellationToken);

        Assert.Equal(2, (await StatisticsAsync(server)).ExecutionCount - before.ExecutionCount);
    }

    [Fact]
    public async Task Cache_NoSection_RunsEveryRequest()
    {
        await using var server = await StartAsync("{ }");
        var before = await StatisticsAsync(server);

        await server.Client.InferAsync("slow", Floats.Slow(1), TestContext.Current.CancellationToken);
        await server.Client.InferAsync("slow", Floats.Slow(1), TestContext.Current.CancellationToken);

        var after = await StatisticsAsync(server);
        Assert.Equal((2, 0), (after.ExecutionCount - before.ExecutionCount, after.CacheMiss.Count));
    }

    [Fact]
    public async Task Cache_OneOfTheCallersLeaves_TheOthersGetTheirAnswer()
    {
        await using var server = await StartAsync("""{ "cache": { } }""");
        using var left = new CancellationTokenSource();
        var first = server.Client.InferAsync("slow", Floats.Slow(1000), left.Token);
        var second = server.Client.InferAsync("slow", Floats.Slow(1000), TestContext.Current.CancellationToken);

        await left.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal(1, (await second).First());
    }

    private static async Task<ModelStatistics> StatisticsAsync(InProcessServer server) => Assert.Single(await server.Client.GetStatisticsAsync("slow"));

    private static Task<InProcessServer> StartAsync(string manifest)
    {
        var directory = new TestDirectory();
        TestModels.WriteManifest(directory.CopyTestModels("slow"), "slow", manifest);
        return InProcessServer.StartAsync(directory, [$"Inference:ModelRepository:Path={directory.File("models")}", "Inference:ModelRepository:PollInterval=00:00:00"]);
    }
}
