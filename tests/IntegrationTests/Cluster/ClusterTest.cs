using IntegrationTests.Infrastructure;

namespace IntegrationTests.Cluster;

/// <summary>What tests of a cluster have in common: the processes, the size of the load, and what must hold afterwards.</summary>
/// <remarks>Hundreds of users for some seconds in each run; ten thousand for a minute with <c>INFERENCE_TESTS_SOAK=1</c>.</remarks>
[Collection<SharedCluster>]
public abstract class ClusterTest(ClusterProcesses cluster)
{
    private protected const string Lost = "silo-2";

    private protected static readonly int Users = Soak.Rounds(inEachRun: 200, whole: 10_000);
    private protected static readonly int PerSecond = Soak.Rounds(inEachRun: 40, whole: 200);

    private protected static readonly TimeSpan LatestAnswer = ClusterProcesses.Deadline + TimeSpan.FromSeconds(5);

    private protected ClusterProcesses Cluster => cluster;

    private protected static int Answers(int seconds) => PerSecond * Soak.Rounds(seconds, Math.Max(seconds, 60));

    private protected ClusterLoad StartLoad(string prefix) => ClusterLoad.Start(cluster, prefix, Users, PerSecond);

    // Users of its own: those that are there stay where they are until they are idle.
    private protected Task WaitForUsersAsync(string silo, string prefix)
    {
        var next = 0;
        return Eventually.TrueAsync(async () =>
        {
            var (status, _) = await cluster.Apis[0].PostJsonAsync("/predict", $$"""{"user_id": "{{prefix}}-{{next++}}", "raw_feature": "3156", "amount": 1}""");
            return status is System.Net.HttpStatusCode.OK && await cluster.Members.CountUsersAsync(cluster.SiloPort(silo)) > 0;
        });
    }

    private protected static void AssertFailures(IReadOnlyList<ClusterRequest> requests, int mostInThousand)
    {
        var failed = requests.Where(request => request.Failure is not null).ToArray();
        var reasons = string.Join('\n', failed.Take(10).Select(request => $"{request.User} after {request.Elapsed.TotalSeconds:F2} s: {request.Failure}"));
        Say($"{requests.Count} requests, {failed.Length} failed; slowest {requests.Max(request => request.Elapsed).TotalSeconds:F2} s, {requests.Count(request => request.Elapsed > TimeSpan.FromSeconds(1))} over 1 s\n{reasons}");
        Assert.True(failed.Length * 1000 <= requests.Count * mostInThousand, reasons);
    }

    private protected async Task<ClusterLog> AssertNothingLostAsync(ClusterLoad load, IReadOnlyList<ClusterRequest> requests)
    {
        var log = await ClusterLog.ReadAsync(cluster.Apis[0]);
        log.AssertHolds(requests);
        await log.AssertWindowsAsync(load.Users, cluster.Apis);
        return log;
    }

    private protected static void Say(string figures) => TestContext.Current.TestOutputHelper?.WriteLine(figures);
}

/// <summary>The classes that share one cluster.</summary>
[CollectionDefinition]
public sealed class SharedCluster : ICollectionFixture<ClusterProcesses>;
