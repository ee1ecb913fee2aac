using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using IntegrationTests.Infrastructure;

namespace IntegrationTests.Cluster;

/// <summary>What becomes of predictions while processes of a cluster die, stop, pause and come.</summary>
/// <remarks>Hundreds of users for some seconds in each run; ten thousand for a minute with <c>INFERENCE_TESTS_SOAK=1</c>.</remarks>
public sealed partial class ClusterTests(ClusterProcesses cluster) : IClassFixture<ClusterProcesses>
{
    private const string Lost = "silo-2";

    private static readonly int Users = Soak.Rounds(inEachRun: 200, whole: 10_000);
    private static readonly int PerSecond = Soak.Rounds(inEachRun: 40, whole: 200);

    private static readonly TimeSpan LatestAnswer = ClusterProcesses.Deadline + TimeSpan.FromSeconds(5);

    private static int Answers(int seconds) => PerSecond * Soak.Rounds(seconds, Math.Max(seconds, 60));

    [Fact]
    public async Task Kill_OneSiloOfThree_IsHiddenAndLosesNothing()
    {
        await cluster.MakeWholeAsync();
        await using var load = ClusterLoad.Start(cluster, "kill", Users, PerSecond);
        await load.WaitForAnswersAsync(Answers(3));
        await cluster.KillAsync(Lost);
        await load.WaitForAnswersAsync(Answers(5));
        await cluster.StartAsync(Lost);
        await WaitForUsersAsync(Lost, "kill-back");
        var requests = await load.StopAsync();

        AssertFailures(requests, mostInThousand: 2);
        Assert.DoesNotContain(requests, request => request.Elapsed > LatestAnswer);
        await AssertNothingLostAsync(load, requests);
    }

    [Fact]
    public async Task Stop_EachSiloInTurn_FailsNoRequest()
    {
        await cluster.MakeWholeAsync();
        await using var load = ClusterLoad.Start(cluster, "rolling", Users, PerSecond);
        await load.WaitForAnswersAsync(Answers(3));
        foreach (var silo in new[] { "silo-1", "silo-2", "silo-3" })
        {
            await cluster.StopAsync(silo);
            await load.WaitForAnswersAsync(PerSecond);
            await cluster.StartAsync(silo);
        }

        await load.WaitForAnswersAsync(PerSecond);
        var requests = await load.StopAsync();

        AssertFailures(requests, mostInThousand: 0);
        await AssertNothingLostAsync(load, requests);
    }

    [Fact]
    public async Task Start_AnotherSiloUnderLoad_TakesUsersAndFailsNoRequest()
    {
        await cluster.MakeWholeAsync();
        await using var load = ClusterLoad.Start(cluster, "added", Users, PerSecond);
        await load.WaitForAnswersAsync(PerSecond);
        await cluster.StartAsync("silo-4");
        await WaitForUsersAsync("silo-4", "added-new");
        await load.WaitForAnswersAsync(Answers(2));
        await cluster.StopAsync("silo-4");
        await load.WaitForAnswersAsync(PerSecond);
        var requests = await load.StopAsync();

        AssertFailures(requests, mostInThousand: 0);
        await AssertNothingLostAsync(load, requests);
    }

    [Fact]
    public async Task Start_ApiWithASiloOfItsOwn_ServesTheClustersUsers()
    {
        await cluster.MakeWholeAsync();
        await cluster.StartAsync("host-5");
        using var host = cluster.Api(5);
        await cluster.Members.WaitForActiveAsync(4);

        var (_, first) = await cluster.Apis[0].PostJsonAsync("/predict", """{"user_id": "hosted", "raw_feature": "3156", "amount": 1}""");
        var (_, second) = await host.PostJsonAsync("/predict", """{"user_id": "hosted", "raw_feature": "3156", "amount": 3}""");
        var recorded = await host.GetJsonAsync($"/v1/predictions/{second.GetProperty("prediction_id").GetString()}");
        await cluster.StopAsync("host-5");

        Assert.Equal((1, 2), (await ReadSequenceAsync(cluster.Apis[1], first), recorded.GetProperty("sequence").GetInt32()));
        await cluster.Members.WaitForActiveAsync(3);
    }

    [Fact]
    public async Task Pause_OneSilo_IsDeclaredDeadAndNothingIsTwice()
    {
        await cluster.MakeWholeAsync();
        await using var load = ClusterLoad.Start(cluster, "paused", Users, PerSecond);
        await load.WaitForAnswersAsync(Answers(3));
        cluster.Pause(Lost);
        var pausedAt = Stopwatch.GetTimestamp();
        await cluster.Members.WaitForActiveAsync(2);
        TestContext.Current.TestOutputHelper?.WriteLine($"declared dead {Stopwatch.GetElapsedTime(pausedAt).TotalSeconds:F1} s after it was paused");
        await load.WaitForAnswersAsync(PerSecond * Soak.Rounds(inEachRun: 2, whole: 18));
        cluster.Resume(Lost);

        // It finds itself declared dead, and ends so that whoever watches over it starts it again.
        await Eventually.TrueAsync(() => !cluster.IsRunning(Lost));
        await cluster.StartAsync(Lost);
        await cluster.Members.WaitForActiveAsync(3);
        await load.WaitForAnswersAsync(PerSecond);
        var requests = await load.StopAsync();

        // Its sockets stay open and take what nobody answers, so that some may wait for all of their time.
        AssertFailures(requests, mostInThousand: 20);
        Assert.DoesNotContain(requests, request => request.Elapsed > LatestAnswer);
        await AssertNothingLostAsync(load, requests);
        TestContext.Current.TestOutputHelper?.WriteLine($"{Superseded().Count(cluster.Output(Lost))} records of the paused silo were refused, since their users had gone on elsewhere");
    }

    [Fact]
    public async Task Redis_StoppedAndStarted_IsNotMissed()
    {
        await cluster.MakeWholeAsync();
        await using var load = ClusterLoad.Start(cluster, "redis", Users, PerSecond);
        await load.WaitForAnswersAsync(PerSecond);
        await cluster.StopAsync("redis");
        await load.WaitForAnswersAsync(PerSecond * Soak.Rounds(inEachRun: 4, whole: 15));
        await cluster.StartAsync("redis");
        await cluster.Members.WaitForActiveAsync(3);
        await load.WaitForAnswersAsync(PerSecond);
        var requests = await load.StopAsync();

        AssertFailures(requests, mostInThousand: 0);
        await AssertNothingLostAsync(load, requests);
    }

    [Fact]
    public async Task PostgreSql_StoppedAndStarted_RefusesWithTheReasonAndRecovers()
    {
        await cluster.MakeWholeAsync();
        await using var load = ClusterLoad.Start(cluster, "postgres", Users, PerSecond);
        await load.WaitForAnswersAsync(Answers(3));
        await cluster.StopAsync("postgres");
        await AssertRefusedAsync();
        await AssertGoesOnAsync();
        await load.WaitForFailuresAsync(PerSecond * Soak.Rounds(inEachRun: 3, whole: 15));
        await cluster.StartAsync("postgres");
        await load.WaitForAnswersAsync(Answers(3));
        var requests = await load.StopAsync();

        Assert.All(requests.Where(request => request.Failure is not null), request => Assert.StartsWith("503 ", request.Failure, StringComparison.Ordinal));
        Assert.DoesNotContain(requests, request => request.Elapsed > LatestAnswer);
        await AssertNothingLostAsync(load, requests);
    }

    private static async Task<int> ReadSequenceAsync(HttpClient api, JsonElement prediction) =>
        (await api.GetJsonAsync($"/v1/predictions/{prediction.GetProperty("prediction_id").GetString()}")).GetProperty("sequence").GetInt32();

    private async Task AssertRefusedAsync()
    {
        var startedAt = Stopwatch.GetTimestamp();
        var (status, problem) = await cluster.Apis[0].PostJsonAsync("/predict", """{"user_id": "postgres-cold", "raw_feature": "3156", "amount": 1}""");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Equal("StorageUnavailable", problem.GetProperty("code").GetString());
        Assert.True(Stopwatch.GetElapsedTime(startedAt) < LatestAnswer, $"{Stopwatch.GetElapsedTime(startedAt)}");
        TestContext.Current.TestOutputHelper?.WriteLine($"refused after {Stopwatch.GetElapsedTime(startedAt).TotalSeconds:F2} s: {problem.GetProperty("detail")}");
    }

    // Raw tensors, and a model that keeps no log.
    private async Task AssertGoesOnAsync()
    {
        var (inferred, _) = await cluster.Apis[1].PostJsonAsync("/v2/models/unlogged/infer", """{"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 4], "data": [1, 2, 3, 4]}]}""");
        var (predicted, _) = await cluster.Apis[0].PostJsonAsync("/v1/models/unlogged/predict", """{"user_id": "postgres-unlogged", "x": 2}""");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (inferred, predicted));
    }

    // Users of its own: those that are there stay where they are until they are idle.
    private Task WaitForUsersAsync(string silo, string prefix)
    {
        var next = 0;
        return Eventually.TrueAsync(async () =>
        {
            var (status, _) = await cluster.Apis[0].PostJsonAsync("/predict", $$"""{"user_id": "{{prefix}}-{{next++}}", "raw_feature": "3156", "amount": 1}""");
            return status is HttpStatusCode.OK && await cluster.Members.CountUsersAsync(cluster.SiloPort(silo)) > 0;
        });
    }

    private static void AssertFailures(IReadOnlyList<ClusterRequest> requests, int mostInThousand)
    {
        var failed = requests.Where(request => request.Failure is not null).ToArray();
        var reasons = string.Join('\n', failed.Take(10).Select(request => $"{request.User} after {request.Elapsed.TotalSeconds:F2} s: {request.Failure}"));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{requests.Count} requests, {failed.Length} failed; slowest {requests.Max(request => request.Elapsed).TotalSeconds:F2} s, {requests.Count(request => request.Elapsed > TimeSpan.FromSeconds(1))} over 1 s\n{reasons}");
        Assert.True(failed.Length * 1000 <= requests.Count * mostInThousand, reasons);
    }

    private async Task AssertNothingLostAsync(ClusterLoad load, IReadOnlyList<ClusterRequest> requests)
    {
        var log = await ClusterLog.ReadAsync(cluster.Apis[0]);
        log.AssertHolds(requests);
        await log.AssertWindowsAsync(load.Users, cluster.Apis);
    }

    [GeneratedRegex("Another activation has recorded for the user of prediction")]
    private static partial Regex Superseded();
}
