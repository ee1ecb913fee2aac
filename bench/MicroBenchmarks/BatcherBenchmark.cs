using BenchmarkDotNet.Attributes;
using OrleansInference;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Models.Scheduling;
using OrleansInference.Grains.Models.Sessions;

namespace MicroBenchmarks;

/// <summary>64 callers of a 32-256-256-1 perceptron: through the batcher, and one by one on the same threads.</summary>
[MemoryDiagnoser]
public class BatcherBenchmark : IDisposable
{
    private const int Callers = 64;
    private const int RequestsEach = 64;
    private const int Requests = Callers * RequestsEach;

    private readonly BenchmarkModels _models = new();
    private readonly InferenceThreads _threads = new(BenchmarkModels.Threads);
    private readonly InferenceRequest _request = new() { Inputs = BenchmarkModels.Rows(1) };
    private readonly InferenceTaskScheduler _scheduler;
    private readonly IModelSession _session;
    private readonly ServedModelVersion _version;

    public BatcherBenchmark()
    {
        _scheduler = new InferenceTaskScheduler(_threads, _threads.Count);
        _session = BenchmarkModels.Load(_models.Small);
        _version = _models.Serve(BenchmarkModels.Load(_models.Small), _threads);
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Requests)]
    public Task OneByOne() => Calls.RunAsync(Callers, RequestsEach, _ => StartOnThread(Run));

    [Benchmark(OperationsPerInvoke = Requests)]
    public Task Batched() => Calls.RunAsync(Callers, RequestsEach, _ => _version.InferAsync(_request, CancellationToken.None));

    /// <summary>No callers at all: what the threads could do one by one if a request cost nothing but its run.</summary>
    [Benchmark(OperationsPerInvoke = Requests)]
    public Task BareLoop() => Task.WhenAll(Enumerable.Range(0, _threads.Count).Select(_ => StartOnThread(() =>
    {
        for (var i = 0; i < Requests / _threads.Count; i++) Run();
    })));

    [GlobalCleanup]
    public void Dispose()
    {
        var statistics = _version.Statistics;
        if (statistics.ExecutionCount > 0) Console.WriteLine($"// Mean batch: {(double)statistics.InferenceCount / statistics.ExecutionCount:F1} rows");
        _version.Dispose();
        _session.Dispose();
        _threads.Dispose();
        _models.Dispose();
        GC.SuppressFinalize(this);
    }

    private void Run() => _session.Run(_request.Inputs, CancellationToken.None);

    private Task StartOnThread(Action work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.RunContinuationsAsynchronously, _scheduler);
}
