using System.Globalization;
using OrleansInference.Api.Grpc.OpenInference.Wire;

namespace OrleansInference.Api.Grpc.OpenInference;

/// <summary>Writes what versions have done.</summary>
internal static class StatisticsTranslator
{
    public static Wire.ModelStatistics ToWire(OrleansInference.ModelStatistics statistics) => new()
    {
        Name = statistics.Name,
        Version = statistics.Version.ToString(CultureInfo.InvariantCulture),
        LastInference = (ulong)(statistics.LastInference?.ToUnixTimeMilliseconds() ?? 0),
        InferenceCount = (ulong)statistics.InferenceCount,
        ExecutionCount = (ulong)statistics.ExecutionCount,
        InferenceStats = new InferStatistics
        {
            Success = ToWire(statistics.Success),
            Fail = ToWire(statistics.Fail),
            Queue = ToWire(statistics.Queue),
            ComputeInput = ToWire(statistics.ComputeInput),
            ComputeInfer = ToWire(statistics.ComputeInfer),
            ComputeOutput = ToWire(statistics.ComputeOutput),
            CacheHit = ToWire(statistics.CacheHit),
            CacheMiss = ToWire(statistics.CacheMiss),
        },
        BatchStats = { statistics.Batches.Select(ToWire) },
    };

    private static InferBatchStatistics ToWire(BatchStatistics batch) => new()
    {
        BatchSize = (ulong)batch.BatchSize,
        ComputeInput = ToWire(batch.ComputeInput),
        ComputeInfer = ToWire(batch.ComputeInfer),
        ComputeOutput = ToWire(batch.ComputeOutput),
    };

    private static StatisticDuration ToWire(DurationSum duration) => new() { Count = (ulong)duration.Count, Ns = (ulong)duration.Total.Ticks * 100 };
}
