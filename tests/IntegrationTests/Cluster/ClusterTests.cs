using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using IntegrationTests.Infrastructure;

namespace IntegrationTests.Cluster;

/// <summary>What becomes of predictions and messages while silos and APIs die, stop and come.</summary>
public sealed class ClusterTests(ClusterProcesses cluster) : ClusterTest(cluster)
{
    [Fact]
    public async Task Kill_OneSiloOfThree_IsHiddenAndLosesNothing()
    {
        await Cluster.MakeWholeAsync();
        await using var load = StartLoad("kill");
        await load.WaitForAnswersAsync(Answers(3));
        await Cluster.KillAsync(Lost);
        var killedAt = Stopwatch.GetTimestamp();
        await Cluster.Members.WaitForActiveAsync(2);
        Say($"declared dead {Stopwatch.GetElapsedTime(killedAt).TotalSeconds:F1} s after it was killed");
        await load.WaitForAnswersAsync(Answers(3));
        await Cluster.StartAsync(Lost);
        await WaitForUsersAsync(Lost, "kill-back");
        var requests = await load.StopAsync();

        AssertFailures(requests, mostInThousand: 2);
        Assert.DoesNotContain(requests, request => request.Elapsed > LatestAnswer);
        await AssertNothingLostAsync(load, requests);
    }

    [Fact]
    public async Task Stop_EachSiloInTurn_FailsNoRequest()
    {
        await Cluster.MakeWholeAsync();
        await using var load = StartLoad("rolling");
        await load.WaitForAnswersAsync(Answers(3));
        foreach (var silo in new[] { "silo-1", "silo-2", "silo-3" })
        {
            await Cluster.StopAsync(silo);
            await load.WaitForAnswersAsync(PerSecond);
            await Cluster.StartAsync(silo);
        }

        await load.WaitForAnswersAsync(PerSecond);
        var requests = await load.StopAsync();

        AssertFailures(requests, mostInThousand: 0);
        await AssertNothingLostAsync(load, requests);
    }

    [Fact]
    public async Task Start_AnotherSiloUnderLoad_TakesUsersAndFailsNoRequest()
    {
        await Cluster.MakeWholeAsync();
        await using var load = StartLoad("added");
        await load.WaitForAnswersAsync(PerSecond);
        await Cluster.StartAsync("silo-4");
        await WaitForUsersAsync("silo-4", "added-new");
        await load.WaitForAnswersAsync(Answers(2));
        await Cluster.StopAsync("silo-4");
        await load.WaitForAnswersAsync(PerSecond);
        var requests = await load.StopAsync();

        AssertFailures(requests, mostInThousand: 0);
        await AssertNothingLostAsync(load, requests);
    }

    [Fact]
    public async Task Start_ApiWithASiloOfItsOwn_ServesTheClustersUsers()
    {
        await Cluster.MakeWholeAsync();
        await Cluster.StartAsync("host-5");
        using var host = Cluster.Api(5);
        await Cluster.Members.WaitForActiveAsync(4);

        var (_, first) = await Cluster.Apis[0].PostJsonAsync("/predict", """{"user_id": "hosted", "raw_feature": "3156", "amount": 1}""");
        var (_, second) = await host.PostJsonAsync("/predict", """{"user_id": "hosted", "raw_feature": "3156", "amount": 3}""");
        var recorded = await host.GetJsonAsync($"/v1/predictions/{second.GetProperty("prediction_id").GetString()}");
        await Cluster.StopAsync("host-5");

        Assert.Equal((1, 2), (await ReadSequenceAsync(Cluster.Apis[1], first), recorded.GetProperty("sequence").GetInt32()));
        await Cluster.Members.WaitForActiveAsync(3);
    }

    [Fact]
    public async Task Stop_AnApiWithRequestsUnderWay_AnswersThemAndEndsWithZero()
    {
        const int Requests = 50;
        await Cluster.MakeWholeAsync();
        await using var api = await ServerProcess.StartApiAsync(Cluster.ClientSettings);
        Task<(HttpStatusCode Status, JsonElement Body)>[] underWay;
        await using (await Cluster.Database.HoldRecordsAsync())
        {
            underWay = [.. Enumerable.Range(0, Requests).Select(user => api.Http.PostJsonAsync("/predict", $$"""{"user_id": "leaving-{{user}}", "raw_feature": "3156", "amount": 1}"""))];
            await Eventually.TrueAsync(async () => (await Task.WhenAll(Enumerable.Range(0, Requests).Select(user => Cluster.Members.ReadLastSequenceAsync($"leaving-{user}")))).All(last => last == 1));
            api.Send(StopSignal.Terminate);
            await Eventually.TrueAsync(() => RefusesConnectionsAsync(api.Http.BaseAddress!));
        }

        var exitCode = await api.WaitForExitAsync();

        Assert.Equal(0, exitCode);
        Assert.All(await Task.WhenAll(underWay), answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
    }

    [Fact]
    public async Task Stop_ASiloWithLeases_GivesThemBackAndAnotherDelivers()
    {
        const string Waiting = "outbox WHERE state = 0 AND \"user\" LIKE '-!leased-%'";
        await Cluster.MakeWholeAsync();
        var owner = $"'%:{Cluster.ProcessId(Lost)}:%'";
        // Takes what it does not answer, so that deliveries stand and their leases with them.
        Cluster.Pause("webhooks");
        await Task.WhenAll(Enumerable.Range(0, 60).Select(user => Cluster.Apis[0].PostJsonAsync("/predict", $$"""{"user_id": "leased-{{user}}", "raw_feature": "3156", "amount": 500}""")));
        await Eventually.TrueAsync(async () => await Cluster.Database.CountAsync($"outbox WHERE state = 0 AND lease_owner LIKE {owner}") > 0);

        await Cluster.StopAsync(Lost);
        var kept = await Cluster.Database.CountAsync($"outbox WHERE lease_owner LIKE {owner}");
        var waiting = await Cluster.Database.CountAsync(Waiting);
        Cluster.Resume("webhooks");
        var resumedAt = Stopwatch.GetTimestamp();
        await Cluster.Database.WaitForNoneAsync(Waiting);
        var elapsed = Stopwatch.GetElapsedTime(resumedAt);

        Say($"{waiting} messages delivered within {elapsed.TotalSeconds:F1} s");
        Assert.Equal(0, kept);
        Assert.NotEqual(0, waiting);
        // A lease that was kept would have been waited for: Timeout and LeaseMargin.
        Assert.InRange(elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(30));
    }

    private static async Task<bool> RefusesConnectionsAsync(Uri address)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(address.Host, address.Port);
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private static async Task<int> ReadSequenceAsync(HttpClient api, JsonElement prediction) =>
        (await api.GetJsonAsync($"/v1/predictions/{prediction.GetProperty("prediction_id").GetString()}")).GetProperty("sequence").GetInt32();
}
