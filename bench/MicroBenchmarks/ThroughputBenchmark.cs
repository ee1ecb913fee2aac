using System.Diagnostics;
using OrleansInference;
using OrleansInference.Grains.Models.Scheduling;
using OrleansInference.Grains.Models.Sessions;

namespace MicroBenchmarks;

/// <summary>64 callers of the small model: through the batcher, and one by one on the same threads.</summary>
internal static class ThroughputBenchmark
{
    private const int Callers = 64;
    private const int Rounds = 5;

    public static async Task RunAsync(BenchmarkModels models, TimeSpan length)
    {
        using var threads = new InferenceThreads(Math.Max(1, Environment.ProcessorCount - 1));
        using var session = BenchmarkModels.Load(models.Small);
        using var version = models.Serve(BenchmarkModels.Load(models.Small), threads);
        var scheduler = new InferenceTaskScheduler(threads, threads.Count);
        var request = new InferenceRequest { Inputs = BenchmarkModels.Rows(1) };
        var (batched, oneByOne, bare) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = -1; round < Rounds; round++)
        {
            var slice = length / Rounds;
            var rates = (
                await RateAsync(slice, () => version.InferAsync(request, CancellationToken.None)),
                await RateAsync(slice, () => Task.Factory.StartNew(() => session.Run(request.Inputs, CancellationToken.None), CancellationToken.None, TaskCreationOptions.RunContinuationsAsynchronously, scheduler)),
                await BareRateAsync(slice, scheduler, session, request.Inputs, threads.Count));
            if (round < 0) continue;
            batched.Add(rates.Item1);
            oneByOne.Add(rates.Item2);
            bare.Add(rates.Item3);
        }

        Console.WriteLine($"throughput, {Callers} callers on {threads.Count} thread(s), medians of {Rounds} rounds, rows/s: batched {Median(batched):N0}; one by one {Median(oneByOne):N0} (x {Median(Ratios(batched, oneByOne)):F2}); "
            + $"bare loop of Run {Median(bare):N0} (x {Median(Ratios(batched, bare)):F2})");
        var statistics = version.Statistics;
        Console.WriteLine($"  mean batch {(double)statistics.InferenceCount / statistics.ExecutionCount:F1} rows");
    }

    private static async Task<double> RateAsync(TimeSpan length, Func<Task> call)
    {
        var startedAt = Stopwatch.GetTimestamp();
        async Task<long> Loop()
        {
            long rows = 0;
            for (; Stopwatch.GetElapsedTime(startedAt) < length; rows++) await call();
            return rows;
        }

        var counts = await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(Loop)));
        return counts.Sum() / Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
    }

    // No callers at all: what the threads could do one by one if a request cost nothing but its run.
    private static async Task<double> BareRateAsync(TimeSpan length, TaskScheduler scheduler, IModelSession session, IReadOnlyList<Tensor> inputs, int threads)
    {
        var startedAt = Stopwatch.GetTimestamp();
        long Loop()
        {
            long rows = 0;
            for (; Stopwatch.GetElapsedTime(startedAt) < length; rows++) session.Run(inputs, CancellationToken.None);
            return rows;
        }

        var counts = await Task.WhenAll(Enumerable.Range(0, threads).Select(_ => Task.Factory.StartNew(Loop, CancellationToken.None, TaskCreationOptions.RunContinuationsAsynchronously, scheduler)));
        return counts.Sum() / Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
    }

    private static List<double> Ratios(List<double> above, List<double> below) => [.. above.Zip(below, (a, b) => a / b)];

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
