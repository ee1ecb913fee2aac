namespace OrleansInference.ModelLoading;

/// <summary>Durations, sorted.</summary>
internal sealed class Latencies(IEnumerable<Sample> samples)
{
    private readonly double[] _milliseconds = [.. samples.Select(sample => sample.Milliseconds).Order()];

    /// <summary>In milliseconds: the least that this share of the samples does not pass.</summary>
    public double Percentile(double share) => _milliseconds.Length == 0 ? double.NaN : _milliseconds[(int)(share * (_milliseconds.Length - 1))];

    public override string ToString() => $"p50 {Percentile(0.5):F2} ms, p99 {Percentile(0.99):F2} ms of {_milliseconds.Length}";
}
