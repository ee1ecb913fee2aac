using OrleansInference.SideBySide.Load;
using OrleansInference.SideBySide.Measuring;
using OrleansInference.SideBySide.Servers;
using OrleansInference.SideBySide.Setup;

namespace OrleansInference.SideBySide.Workloads;

/// <summary>D: the tutorial's own request: 50 ms of database beside 100 ms of service, then 200 ms of computation; and whether anything else is answered meanwhile.</summary>
internal sealed class TutorialWorkload : IWorkload
{
    private const int LowLoadRequests = 11;
    private const int ProbesPerSecond = 50;

    private static readonly int[] Concurrencies = [20, 100];
    private static readonly TimeSpan Saturation = TimeSpan.FromSeconds(10);

    private int _asked;

    public string Letter => "D";

    public async Task<WorkloadResult> RunAsync(Bench bench, CancellationToken cancellationToken)
    {
        var contenders = bench.Contenders;
        Contender[] all = bench.Quick
            ? [contenders.OrleansInference(), contenders.MinimalApi]
            : [contenders.OrleansInference(), contenders.MinimalApi, contenders.FastApi(1), contenders.FastApiWithPool, contenders.Node(1)];
        var computation = TutorialComputation.Measure(bench.Workspace);
        var lines = new List<string>
        {
            $"Computation alone {computation.TotalMilliseconds:F0} ms on one core; longest wait {SlowServices.Service.TotalMilliseconds:F0} ms. Requests a second by so many callers at once, and p99 of `/health/live` meanwhile:",
            "",
            "| | alone, p50 ms | " + string.Join(" | ", Concurrencies.Select(count => $"{count} callers | p50 ms | health p99 ms")) + " |",
            "| --- | --- | " + string.Join(" | ", Concurrencies.Select(_ => "--- | --- | ---")) + " |",
        };
        List<Aim> aims = [];
        foreach (var contender in all)
        {
            var server = await bench.Fleet.GetAsync(contender, cancellationToken);
            server.Resume();
            await RunAsync(server, 1, TimeSpan.FromSeconds(2));
            var alone = await AloneAsync(server);
            var cells = $"| {contender.Name} | {alone.TotalMilliseconds:F0} |";
            foreach (var count in Concurrencies)
            {
                var (load, health) = await SaturateAsync(server, count);
                cells += $" {load.PerSecond:F1} | {(load.Latencies.TotalCount == 0 ? "none answered" : $"{load.Milliseconds(50):F0}")} | {health.Milliseconds(99):F1} |";
                if (contender.Name == Contenders.Ours)
                    aims.Add(new($"D: p99 of /health/live in ms, {count} callers", Spread.Of(health.Milliseconds(99)), 50, AtMost: true));
            }

            server.Pause();
            lines.Add(cells);
            if (contender.Name == Contenders.Ours)
                aims.Add(new("D: p50 alone over the longest wait and the computation", Spread.Of(alone / (SlowServices.Service + computation)), 1.1, AtMost: true));
            Console.WriteLine($"  {cells}");
        }

        return new WorkloadResult(Letter, "the tutorial's request", [], aims) { Notes = [string.Join(Environment.NewLine, lines)] };
    }

    private async Task<TimeSpan> AloneAsync(ServerProcess server)
    {
        using var exchange = await HttpExchange.ConnectAsync(server.Port, CancellationToken.None);
        var latencies = new List<double>();
        for (var i = 0; i < LowLoadRequests; i++)
        {
            var startedAt = System.Diagnostics.Stopwatch.GetTimestamp();
            var status = await exchange.SendAsync(Next(), CancellationToken.None);
            if (status != 200) throw new InvalidOperationException($"The tutorial's request was answered {status}.");
            latencies.Add(System.Diagnostics.Stopwatch.GetElapsedTime(startedAt).TotalMilliseconds);
        }

        return TimeSpan.FromMilliseconds(Spread.Of(latencies).Median);
    }

    private async Task<(LoadResult Load, LoadResult Health)> SaturateAsync(ServerProcess server, int callers)
    {
        var health = HttpExchange.Get("/health/live");
        var load = RunAsync(server, callers, Saturation);
        var probes = OpenLoop.RunAsync(server.Port, ProbesPerSecond, Saturation, () => health);
        await Task.WhenAll(load, probes);
        return (await load, await probes);
    }

    private Task<LoadResult> RunAsync(ServerProcess server, int callers, TimeSpan turn) => ClosedLoop.RunAsync(server.Port, callers, turn, Next);

    // No two ask for the same, so that nobody answers from a cache.
    private ReadOnlyMemory<byte> Next()
    {
        var number = Interlocked.Increment(ref _asked);
        return HttpExchange.Post(
            Payments.Path(BenchmarkModels.Tutorial), $$"""{"user_id":"{{number % UserFeatures.CommonUsers}}","amount":0.5,"raw_feature":"feature-{{number}}"}""");
    }
}
