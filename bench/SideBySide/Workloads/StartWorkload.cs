using System.Diagnostics;
using System.Globalization;
using OrleansInference.SideBySide.Load;
using OrleansInference.SideBySide.Measuring;
using OrleansInference.SideBySide.Servers;
using OrleansInference.SideBySide.Setup;

namespace OrleansInference.SideBySide.Workloads;

/// <summary>H: from the start of the process to ready and to the first prediction, memory at rest, and how soon it is at its best.</summary>
internal sealed class StartWorkload : IWorkload
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(10);

    public string Letter => "H";

    public async Task<WorkloadResult> RunAsync(Bench bench, CancellationToken cancellationToken)
    {
        var contenders = bench.Contenders.With(bench.Workspace.QuickModels);
        Contender[] all = bench.Quick
            ? [contenders.OrleansInference("started"), contenders.MinimalApi]
            : [contenders.OrleansInference("started"), contenders.MinimalApi, contenders.FastApi(1), contenders.Node(1)];
        List<string> lines = ["| | ready ms | first prediction after ms | resident MiB at rest | requests/s in the first 10 s |", "| --- | --- | --- | --- | --- |"];
        Spread? firstSeconds = null;
        foreach (var contender in all)
        {
            var starts = new List<StartFigures>();
            for (var i = 0; i < bench.Pairs; i++) starts.Add(await StartAsync(bench, contender, cancellationToken));
            double Median(Func<StartFigures, double> value) => Spread.Of(starts.Select(value)).Median;
            lines.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"| {(contender.Name == "started" ? Contenders.Ours : contender.Name)} | {Median(start => start.Ready):F0} | {Median(start => start.FirstPrediction):F0} | {Median(start => start.ResidentMiB):F0} | {Median(start => start.PerSecond):F0} |"));
            firstSeconds ??= Spread.Of(starts.Select(start => start.PerSecond));
        }

        var steady = (await bench.Rounds.RunAsync([await bench.PeakAsync(bench.Contenders.OrleansInference(), BenchmarkModels.Small, cancellationToken)], cancellationToken))[0].Median(turn => turn.PerSecond);
        var ratio = firstSeconds!.Value;
        return new WorkloadResult(
            Letter, "start", [],
            [new("B: requests/s in the first 10 s after ready over the steady state's", new Spread(ratio.Median / steady, ratio.Least / steady, ratio.Most / steady), 0.6)])
        {
            Notes = [string.Join(Environment.NewLine, lines)],
        };
    }

    private static async Task<StartFigures> StartAsync(Bench bench, Contender contender, CancellationToken cancellationToken)
    {
        await using var server = await ServerProcess.StartAsync(contender.Command, Path.Combine(bench.Workspace.Data, $"{contender.Name}-start.log"), cancellationToken);
        var resident = server.Tree.ResidentBytes / (1024.0 * 1024);
        var requests = Payments.Cycle(BenchmarkModels.Small, UserFeatures.CommonUsers, UserFeatures.CommonUsers);
        var startedAt = Stopwatch.GetTimestamp();
        using (var exchange = await HttpExchange.ConnectAsync(server.Port, cancellationToken))
        {
            var status = await exchange.SendAsync(requests.Next(), cancellationToken);
            if (status != 200) throw new InvalidOperationException($"{contender.Name} answered its first request {status}.");
        }

        var first = server.ReadyAfter + Stopwatch.GetElapsedTime(startedAt);
        var load = await ClosedLoop.RunAsync(server.Port, Bench.Connections, First, requests.Next);
        return new StartFigures(server.ReadyAfter.TotalMilliseconds, first.TotalMilliseconds, resident, load.PerSecond);
    }

    private sealed record StartFigures(double Ready, double FirstPrediction, double ResidentMiB, double PerSecond);
}
