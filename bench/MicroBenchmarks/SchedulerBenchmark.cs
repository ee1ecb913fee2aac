using BenchmarkDotNet.Attributes;
using OrleansInference.Grains.Models.Scheduling;

namespace MicroBenchmarks;

/// <summary>Work that does nothing, handed to one inference thread and awaited: by one caller, who finds it asleep, and by 64, who keep it busy.</summary>
[MemoryDiagnoser]
public class SchedulerBenchmark : IDisposable
{
    private const int Items = 2048;

    private readonly BareThread _thread = new();
    private readonly InferenceThreads _threads = new(1);
    private readonly InferenceTaskScheduler _scheduler;

    public SchedulerBenchmark() => _scheduler = new InferenceTaskScheduler(_threads, 1);

    [Params(1, 64)]
    public int Callers { get; set; }

    [Benchmark(Baseline = true, OperationsPerInvoke = Items)]
    public Task BareThread() => Calls.RunAsync(Callers, Items / Callers, _ => _thread.RunAsync(Nothing));

    [Benchmark(OperationsPerInvoke = Items)]
    public Task InferenceThread() => Calls.RunAsync(
        Callers, Items / Callers, _ => Task.Factory.StartNew(Nothing, CancellationToken.None, TaskCreationOptions.RunContinuationsAsynchronously, _scheduler));

    [GlobalCleanup]
    public void Dispose()
    {
        _threads.Dispose();
        _thread.Dispose();
        GC.SuppressFinalize(this);
    }

    private static void Nothing()
    {
    }
}
