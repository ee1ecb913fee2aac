using System.Diagnostics;
using OrleansInference;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Models.Scheduling;

namespace MicroBenchmarks;

/// <summary>The latency of interactive requests, with and without a flood of bulk requests on the same model.</summary>
/// <remarks>The two sides take turns in one process, so that the machine's other work meets both alike.</remarks>
internal static class BulkFlood
{
    private const int BulkCallers = 16;
    private const int BulkRows = 64;
    private const int Rounds = 5;

    public static async Task RunAsync(TimeSpan length)
    {
        using var models = new BenchmarkModels();
        await MeasureAsync(models, "17 us model", models.Small, length);
        await MeasureAsync(models, "150 us model", models.Medium, length);
    }

    private static async Task MeasureAsync(BenchmarkModels models, string name, string file, TimeSpan length)
    {
        using var threads = new InferenceThreads(BenchmarkModels.Threads);
        using var version = models.Serve(BenchmarkModels.Load(file), threads);
        var (quiet, flooded) = (new Durations(), new Durations());
        var bulkRows = 0L;
        for (var round = -1; round < Rounds; round++)
        {
            if (round == 0)
            {
                quiet.Clear();
                flooded.Clear();
                bulkRows = 0;
            }

            await AskAsync(version, quiet, length / Rounds);
            using var flood = new CancellationTokenSource();
            var bulk = Enumerable.Range(0, BulkCallers).Select(_ => Task.Run(() => FloodAsync(version, flood.Token))).ToArray();
            await AskAsync(version, flooded, length / Rounds);
            await flood.CancelAsync();
            bulkRows += (await Task.WhenAll(bulk)).Sum();
        }

        Console.WriteLine($"bulk flood, {name}: quiet {quiet}; flooded {flooded}; median x {flooded.Median / quiet.Median:F2}; bulk {bulkRows / length.TotalSeconds:N0} rows/s");
    }

    private static async Task AskAsync(ServedModelVersion version, Durations durations, TimeSpan length)
    {
        var request = new InferenceRequest { Inputs = BenchmarkModels.Rows(1) };
        var startedAt = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(startedAt) < length)
        {
            var askedAt = Stopwatch.GetTimestamp();
            await version.InferAsync(request, CancellationToken.None);
            durations.AddSince(askedAt);
        }
    }

    private static async Task<long> FloodAsync(ServedModelVersion version, CancellationToken stopped)
    {
        var request = new InferenceRequest { Inputs = BenchmarkModels.Rows(BulkRows), Priority = InferencePriority.Bulk };
        var rows = 0L;
        for (; !stopped.IsCancellationRequested; rows += BulkRows) await version.InferAsync(request, CancellationToken.None);
        return rows;
    }
}
