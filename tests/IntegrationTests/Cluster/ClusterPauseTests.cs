using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using IntegrationTests.Infrastructure;
using OrleansInference;

namespace IntegrationTests.Cluster;

/// <summary>A silo that stands still and goes on after its users have moved, as one does whose network was cut.</summary>
public sealed partial class ClusterPauseTests(ClusterProcesses cluster) : ClusterTest(cluster)
{
    private const int HeldUsers = 24;

    [Fact]
    public async Task Pause_OneSilo_IsDeclaredDeadAndItsLateRecordsAreRefused()
    {
        await Cluster.MakeWholeAsync();
        await using var load = StartLoad("paused");
        await PredictHeldAsync();
        await load.WaitForAnswersAsync(Answers(2));

        // Two records of each user wait for their commit, one behind the other, when the silo stops: the second has left no trace outside of it.
        Task<Guid?>[] held;
        var before = await ReadNumbersAsync();
        await using (await Cluster.Database.HoldRecordsAsync())
        {
            held = [.. AskHeld(), .. AskHeld()];
            await Eventually.TrueAsync(async () => (await ReadNumbersAsync()).Zip(before).All(user => user.First >= user.Second + 2));
            Cluster.Pause(Lost);
        }

        var pausedAt = Stopwatch.GetTimestamp();
        await Cluster.Members.WaitForActiveAsync(2);
        Say($"declared dead {Stopwatch.GetElapsedTime(pausedAt).TotalSeconds:F1} s after it was paused");

        // Its users go on elsewhere, under the numbers that it holds.
        await PredictHeldAsync();
        await PredictHeldAsync();
        await load.WaitForAnswersAsync(PerSecond * Soak.Rounds(inEachRun: 1, whole: 18));
        var resumedAt = Stopwatch.GetTimestamp();
        Cluster.Resume(Lost);
        var counted = await CountRefusedUntilItEndsAsync();
        Say($"ended {Stopwatch.GetElapsedTime(resumedAt).TotalSeconds:F1} s after it went on");
        await Cluster.StartAsync(Lost);
        await Cluster.Members.WaitForActiveAsync(3);
        await load.WaitForAnswersAsync(PerSecond);
        var requests = await load.StopAsync();

        AssertFailures(requests, mostInThousand: 2);
        Assert.DoesNotContain(requests, request => request.Elapsed > LatestAnswer);
        var log = await AssertNothingLostAsync(load, requests);
        await log.AssertWindowsAsync(Enumerable.Range(0, HeldUsers).Select(HeldUser), Cluster.Apis);
        var refused = Refused().Matches(Cluster.Output(Lost)).Select(line => Guid.Parse(line.Groups[1].Value)).ToArray();
        Say($"{refused.Length} records of the paused silo were refused, {counted} in its metrics");

        // Where the pause is longer than a deadline, what waited is given up when the silo goes on, and asks for nothing.
        if (!Soak.Whole) Assert.InRange(counted, 1, refused.Length);
        Assert.DoesNotContain(refused, log.Contains);
        var answered = held.Where(call => call.IsCompletedSuccessfully).Select(call => call.Result).OfType<Guid>().ToArray();
        Assert.All(answered, id => Assert.True(log.Contains(id), $"{id} was answered and is not in the log"));
    }

    private static string HeldUser(int user) => string.Create(CultureInfo.InvariantCulture, $"held-{user}");

    // A retry is safe, and these are the users' and not the load's.
    private Task PredictHeldAsync() => Task.WhenAll(Enumerable.Range(0, HeldUsers).Select(user => Eventually.TrueAsync(async () =>
        (await Cluster.Apis[0].PostJsonAsync("/predict", $$"""{"user_id": "{{HeldUser(user)}}", "raw_feature": "3156", "amount": 1}""")).Status is HttpStatusCode.OK)));

    // Of the grain itself and once, so that no further attempt takes the record elsewhere under the same id.
    private Task<Guid?>[] AskHeld() => [.. Enumerable.Range(0, HeldUsers).Select(user => Cluster.Members.AskOnceAsync(new PredictionRequest
    {
        PredictionId = Guid.CreateVersion7(),
        UserId = HeldUser(user),
        Fields = [new("raw_feature", "3156"), new("amount", 1)],
    }))];

    private Task<long[]> ReadNumbersAsync() => Task.WhenAll(Enumerable.Range(0, HeldUsers).Select(user => Cluster.Members.ReadLastSequenceAsync(HeldUser(user))));

    // It finds itself declared dead, and ends so that whoever watches over it starts it again.
    private async Task<double> CountRefusedUntilItEndsAsync()
    {
        var counted = 0.0;
        await Eventually.TrueAsync(async () =>
        {
            counted = Math.Max(counted, await Cluster.ReadMetricAsync(Lost, "inference_log_records_refused_total"));
            return !Cluster.IsRunning(Lost);
        });
        return counted;
    }

    [GeneratedRegex("Another activation has recorded for the user of prediction ([0-9a-f-]{36})")]
    private static partial Regex Refused();
}
