using OrleansInference.SideBySide.Measuring;
using OrleansInference.SideBySide.Setup;

namespace OrleansInference.SideBySide.Workloads;

/// <summary>A at half of this server's peak: latency from the intended start of each request, at the same rate for both.</summary>
internal sealed class LatencyWorkload : IWorkload
{
    private const double Share = 0.5;

    public string Letter => "A50";

    public async Task<WorkloadResult> RunAsync(Bench bench, CancellationToken cancellationToken)
    {
        var contenders = bench.Contenders;
        var peak = (await bench.Rounds.RunAsync([await bench.PeakAsync(contenders.OrleansInference(), BenchmarkModels.Fraud, cancellationToken)], cancellationToken))[0].Median(turn => turn.PerSecond);
        var rate = Math.Floor(peak * Share / 100) * 100;
        var turns = await bench.Rounds.RunAsync(
            [
                await bench.AtRateAsync(contenders.OrleansInference(), BenchmarkModels.Fraud, rate, cancellationToken),
                await bench.AtRateAsync(contenders.MinimalApi, BenchmarkModels.Fraud, rate, cancellationToken),
            ],
            cancellationToken);
        return new WorkloadResult(
            Letter, $"as A, {rate:F0} requests a second whatever is answered", turns,
            [new("A: p99 at half of the peak over minimal-api's at that rate", turns[0].Over(turns[1], turn => turn.Load.Milliseconds(99)), 1.5, AtMost: true)])
        {
            IsAtPeak = false,
        };
    }
}
