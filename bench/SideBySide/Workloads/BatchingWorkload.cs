using OrleansInference.SideBySide.Measuring;
using OrleansInference.SideBySide.Setup;

namespace OrleansInference.SideBySide.Workloads;

/// <summary>Rows for each CPU second of the inference threads at saturation, beside a bare loop of batched runs, which is the limit.</summary>
internal sealed class BatchingWorkload : IWorkload
{
    public string Letter => "raw";

    public async Task<WorkloadResult> RunAsync(Bench bench, CancellationToken cancellationToken)
    {
        List<ContestantTurns> all = [];
        List<Aim> aims = [];
        List<string> lines = ["| model | rows a CPU second, server | bare loop of 64 rows | of 1 row |", "| --- | --- | --- | --- |"];
        foreach (var model in new[] { BenchmarkModels.Small, BenchmarkModels.Large })
        {
            var ours = (await bench.Rounds.RunAsync([await bench.PeakAsync(bench.Contenders.OrleansInference(), model, cancellationToken, connections: Bench.ManyConnections)], cancellationToken))[0];
            using var bare = new BareLoop(BenchmarkModels.File(bench.Workspace, model));
            var batched = Spread.Of(Enumerable.Range(0, bench.Pairs).Select(_ => bare.RowsPerSecond(Bench.Connections, bench.Turn)));
            var single = Spread.Of(Enumerable.Range(0, bench.Pairs).Select(_ => bare.RowsPerSecond(1, bench.Turn)));
            lines.Add($"| {model} | {ours.Median(turn => turn.PerInferenceCpuSecond):F0} | {batched.Median:F0} | {single.Median:F0} |");
            all.Add(ours with { Name = $"{ours.Name}, {model}" });
            if (model == BenchmarkModels.Large)
                aims.Add(new("C: rows a CPU second over the bare loop's", Spread.Of(ours.Turns.Select(turn => turn.PerInferenceCpuSecond / batched.Median)), 0.7));
        }

        return new WorkloadResult(Letter, "rows a CPU second of the inference threads", all, aims) { Notes = [string.Join(Environment.NewLine, lines)] };
    }
}
