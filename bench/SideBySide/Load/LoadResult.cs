using HdrHistogram;

namespace OrleansInference.SideBySide.Load;

/// <summary>What a turn of load gave.</summary>
/// <param name="Answers">Requests answered 200 within the turn.</param>
/// <param name="Failures">Requests answered otherwise.</param>
/// <param name="Elapsed">How long the turn took.</param>
/// <param name="Latencies">In microseconds; from the intended start where the rate was fixed.</param>
internal sealed record LoadResult(long Answers, long Failures, TimeSpan Elapsed, HistogramBase Latencies)
{
    public double PerSecond => Answers / Elapsed.TotalSeconds;

    public double Milliseconds(double percentile) => Latencies.TotalCount == 0 ? double.NaN : Latencies.GetValueAtPercentile(percentile) / 1000.0;
}
