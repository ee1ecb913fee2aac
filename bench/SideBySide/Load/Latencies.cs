using HdrHistogram;

namespace OrleansInference.SideBySide.Load;

internal static class Latencies
{
    private const long OneMinute = 60_000_000;

    /// <summary>A histogram of microseconds up to a minute, exact to three digits, that connections share.</summary>
    public static HistogramBase Create() =>
        HistogramFactory.With64BitBucketSize().WithValuesUpTo(OneMinute).WithPrecisionOf(3).WithThreadSafeWrites().Create();

    public static void Record(this HistogramBase latencies, TimeSpan latency) =>
        latencies.RecordValue(Math.Clamp((long)latency.TotalMicroseconds, 1, OneMinute));
}
