using System.Diagnostics;
using System.Net;
using IntegrationTests.Infrastructure;

namespace IntegrationTests.Cluster;

/// <summary>What becomes of predictions while Redis, PostgreSQL and Azure are gone.</summary>
public sealed class ClusterServerTests(ClusterProcesses cluster) : ClusterTest(cluster)
{
    [Fact]
    public async Task Redis_Stopped_IsNotMissedUntilASiloDiesAndTellsItWhenItIsBack()
    {
        await Cluster.MakeWholeAsync();
        await using var load = StartLoad("redis");
        await load.WaitForAnswersAsync(PerSecond);
        await Cluster.StopAsync("redis");
        await load.WaitForAnswersAsync(PerSecond * Soak.Rounds(inEachRun: 3, whole: 15));
        AssertFailures(load.Requests, mostInThousand: 0);

        await Cluster.KillAsync(Lost);
        // New users are sent to it too, so that soon each client waits for one of its users until its time is over.
        await load.WaitForFailuresAsync(Soak.Rounds(inEachRun: 1, whole: 60));
        await Cluster.StartAsync("redis");
        var backAt = Stopwatch.GetTimestamp();
        await Cluster.Members.WaitForActiveAsync(2);
        Say($"declared dead {Stopwatch.GetElapsedTime(backAt).TotalSeconds:F1} s after Redis was back");
        await load.WaitForAnswersAsync(PerSecond);
        var requests = await load.StopAsync();

        // Out of time; or told that its silo is dead at the moment at which its time was over.
        Assert.All(requests.Where(request => request.Failure is not null), request => Assert.Matches("^504 |^503 .*The silo that was to answer is not available", request.Failure));
        Assert.DoesNotContain(requests, request => request.Elapsed > LatestAnswer);
        await AssertNothingLostAsync(load, requests);
    }

    [Fact]
    public async Task PostgreSql_StoppedAndStarted_RefusesWithTheReasonAndRecovers()
    {
        await Cluster.MakeWholeAsync();
        await using var load = StartLoad("postgres");
        await load.WaitForAnswersAsync(Answers(3));
        await Cluster.StopAsync("postgres");
        await AssertRefusedAsync();
        await AssertGoesOnAsync();
        await load.WaitForFailuresAsync(PerSecond * Soak.Rounds(inEachRun: 3, whole: 15));
        await Cluster.StartAsync("postgres");
        await load.WaitForAnswersAsync(Answers(3));
        var requests = await load.StopAsync();

        Assert.All(requests.Where(request => request.Failure is not null), request => Assert.StartsWith("503 ", request.Failure, StringComparison.Ordinal));
        Assert.DoesNotContain(requests, request => request.Elapsed > LatestAnswer);
        await AssertNothingLostAsync(load, requests);
    }

    [Fact]
    public async Task Azure_GoneWhileASiloDies_UsersComeBackFromTheLogAndSnapshotsCatchUp()
    {
        await Cluster.MakeWholeAsync();
        await using var load = StartLoad("azure");
        await load.WaitForAnswersAsync(Answers(3));
        await Cluster.StopAsync("azurite");
        await load.WaitForAnswersAsync(PerSecond * Soak.Rounds(inEachRun: 1, whole: 15));
        // Its users are cold from now on.
        await Cluster.KillAsync(Lost);
        await load.WaitForAnswersAsync(Answers(2));
        await Cluster.StartAsync("azurite");
        await load.WaitForAnswersAsync(PerSecond);
        var requests = await load.StopAsync();

        AssertFailures(requests, mostInThousand: 2);
        await AssertNothingLostAsync(load, requests);
        // Leaving, it writes what could not be written.
        var before = await Cluster.CountSnapshotsAsync("azure-");
        await Cluster.StopAsync("silo-1");
        Assert.InRange(await Cluster.CountSnapshotsAsync("azure-"), before + 1, Users);
    }

    private async Task AssertRefusedAsync()
    {
        var startedAt = Stopwatch.GetTimestamp();
        var (status, problem) = await Cluster.Apis[0].PostJsonAsync("/predict", """{"user_id": "postgres-cold", "raw_feature": "3156", "amount": 1}""");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Equal("StorageUnavailable", problem.GetProperty("code").GetString());
        Assert.True(Stopwatch.GetElapsedTime(startedAt) < LatestAnswer, $"{Stopwatch.GetElapsedTime(startedAt)}");
        Say($"refused after {Stopwatch.GetElapsedTime(startedAt).TotalSeconds:F2} s: {problem.GetProperty("detail")}");
    }

    // Raw tensors, and a model that keeps no log.
    private async Task AssertGoesOnAsync()
    {
        var (inferred, _) = await Cluster.Apis[1].PostJsonAsync("/v2/models/unlogged/infer", """{"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 4], "data": [1, 2, 3, 4]}]}""");
        var (predicted, _) = await Cluster.Apis[0].PostJsonAsync("/v1/models/unlogged/predict", """{"user_id": "postgres-unlogged", "x": 2}""");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (inferred, predicted));
    }
}
