using System.Net;
using IntegrationTests.Infrastructure;

namespace IntegrationTests.Cluster;

/// <summary>What becomes of predictions while processes of a cluster die, stop, pause and come.</summary>
/// <remarks>Hundreds of users for some seconds in each run; ten thousand for a minute with <c>INFERENCE_TESTS_SOAK=1</c>.</remarks>
public sealed class ClusterTests(ClusterProcesses cluster) : IClassFixture<ClusterProcesses>
{
    private const string Lost = "silo-2";

    private static readonly int Users = Soak.Rounds(inEachRun: 200, whole: 10_000);
    private static readonly int PerSecond = Soak.Rounds(inEachRun: 60, whole: 200);

    // A model's deadline, and five seconds more.
    private static readonly TimeSpan LatestAnswer = TimeSpan.FromSeconds(10);

    private static int Answers(int seconds) => PerSecond * Soak.Rounds(seconds, Math.Max(seconds, 60));

    [Fact]
    public async Task Kill_OneSiloOfThree_IsHiddenAndLosesNothing()
    {
        await cluster.MakeWholeAsync();
        await using var load = ClusterLoad.Start(cluster, "kill", Users, PerSecond);
        await load.WaitForAnswersAsync(Answers(5));
        await cluster.KillAsync(Lost);
        await load.WaitForAnswersAsync(Answers(8));
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
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{requests.Count} requests, {failed.Length} failed; slowest {requests.Max(request => request.Elapsed).TotalSeconds:F2} s, {requests.Count(request => request.Elapsed > TimeSpan.FromSeconds(1))} over 1 s");
        Assert.True(failed.Length * 1000 <= requests.Count * mostInThousand, string.Join('\n', failed.Select(request => $"{request.User} after {request.Elapsed.TotalSeconds:F2} s: {request.Failure}")));
    }

    private async Task AssertNothingLostAsync(ClusterLoad load, IReadOnlyList<ClusterRequest> requests)
    {
        var log = await ClusterLog.ReadAsync(cluster.Apis[0]);
        log.AssertHolds(requests);
        await log.AssertWindowsAsync(load.Users, cluster.Apis);
    }
}
