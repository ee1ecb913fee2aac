using System.Diagnostics;

namespace MicroBenchmarks;

/// <summary>Durations of one side of a comparison.</summary>
internal sealed class Durations
{
    private readonly List<double> _microseconds = [];

    public int Count => _microseconds.Count;

    public double Median => Quantile(0.5);

    public void AddSince(long startedAt) => _microseconds.Add(Stopwatch.GetElapsedTime(startedAt).TotalMicroseconds);

    public void Clear() => _microseconds.Clear();

    public double Quantile(double share)
    {
        var ordered = _microseconds.Order().ToArray();
        return ordered.Length == 0 ? double.NaN : ordered[Math.Min(ordered.Length - 1, (int)(share * ordered.Length))];
    }

    public override string ToString() => $"{Median:F1} us median, {Quantile(0.9):F1} p90, {Quantile(0.99):F1} p99 ({Count})";
}
