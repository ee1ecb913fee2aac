using System.Text.RegularExpressions;
using IntegrationTests.Infrastructure;

namespace IntegrationTests;

/// <summary>Inference computes on threads of its own, so that everything else answers while the models are busy.</summary>
/// <remarks>Each server is a process with a thread pool of four threads, the pool that grains, sockets and Kestrel share.</remarks>
public sealed partial class StarvationTests
{
    private const int PoolThreads = 4;
    private const int Inferences = 16;

    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task SlowInferences_OnInferenceThreads_LeaveOthersTheirAnswer()
    {
        using var directory = new TestDirectory();
        await using var server = await StartAsync(directory);
        await AskAsync(server.Http, user: "reader", iterations: 1, TestContext.Current.CancellationToken);

        using var leave = new CancellationTokenSource();
        var inferences = AskMany(server.Http, iterations: 1_000, leave.Token);
        await server.WaitForLinesAsync(Run(), count: 2);
        for (var round = 0; round < 5; round++) Assert.Empty(await FindUnansweredAsync(server.Http, round));

        Assert.Contains(inferences, inference => !inference.IsCompleted);
        await LeaveAsync(inferences, leave);
        Assert.All(Run().Matches(server.Output), run => Assert.Equal(("inference-0", "False"), (run.Groups[1].Value, run.Groups[2].Value)));
    }

    /// <summary>The test of the test above: what most programs do fails it.</summary>
    [Fact]
    public async Task SlowInferences_ByTaskRun_StarveTheOthers()
    {
        using var directory = new TestDirectory();
        await using var server = await StartAsync(directory, "--TestServer:TaskRun=true");
        await AskAsync(server.Http, user: "reader", iterations: 1, TestContext.Current.CancellationToken);

        using var leave = new CancellationTokenSource();
        var inferences = AskMany(server.Http, iterations: 10_000, leave.Token);
        await server.WaitForLinesAsync(Run(), count: 1 + PoolThreads);
        Assert.NotEmpty(await FindUnansweredAsync(server.Http, round: 0));

        // The server is in no state to hear that its callers left.
        await server.KillAsync();
        await LeaveAsync(inferences, leave);
        Assert.All(Run().Matches(server.Output), run => Assert.Equal("True", run.Groups[2].Value));
    }

    // One inference thread whatever the machine has, so that the load lasts.
    private static Task<ServerProcess> StartAsync(TestDirectory directory, params string[] settings) => ServerProcess.StartTestServerAsync([
        $"--Inference:DataDirectory={directory.File("data")}",
        $"--Inference:ModelRepository:Path={directory.CopySlow()}",
        "--Inference:Models:Threads=1",
        $"--TestServer:PoolThreads={PoolThreads}",
        .. settings]);

    private static Task[] AskMany(HttpClient http, int iterations, CancellationToken leave) =>
        [.. Enumerable.Range(0, Inferences).Select(i => AskAsync(http, $"slow-{i}", iterations, leave))];

    private static async Task AskAsync(HttpClient http, string user, int iterations, CancellationToken leave)
    {
        using var body = new StringContent($$"""{"user_id": "{{user}}", "x": 1, "iterations": {{iterations}}}""", mediaType: new("application/json"));
        using var response = await http.PostAsync("/predict", body, leave);
        response.EnsureSuccessStatusCode();
    }

    // Every one at the same time, so that a server that starves them costs the test one wait.
    private static async Task<string[]> FindUnansweredAsync(HttpClient http, int round)
    {
        string[] probes = ["/health/live", $"/v1/users/new-{round}", "/v1/users/reader"];
        var answers = await Task.WhenAll(probes.Select(probe => AnswersInTimeAsync(http, probe)));
        return [.. probes.Where((_, i) => !answers[i])];
    }

    private static async Task<bool> AnswersInTimeAsync(HttpClient http, string path)
    {
        using var patience = new CancellationTokenSource(LongestAnswer);
        try
        {
            using var response = await http.GetAsync(path, patience.Token);
            return response.IsSuccessStatusCode;
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            return false;
        }
    }

    private static async Task LeaveAsync(Task[] inferences, CancellationTokenSource leave)
    {
        await leave.CancelAsync();
        await Task.WhenAll(inferences).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [GeneratedRegex("^run on thread '(.*)' pool=(True|False)", RegexOptions.Multiline)]
    private static partial Regex Run();
}
