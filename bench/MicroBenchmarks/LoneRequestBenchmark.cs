using BenchmarkDotNet.Attributes;
using OrleansInference;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Models.Scheduling;

namespace MicroBenchmarks;

/// <summary>What a request that is alone pays for batcher, scheduler and threads, over the runtime's own <c>Run</c>.</summary>
[MemoryDiagnoser]
public class LoneRequestBenchmark : IDisposable
{
    // Many in one invocation: a request's own waits are measured, and not the runner's for the invocation.
    private const int Requests = 32;

    private readonly BenchmarkModels _models = new();
    private readonly InferenceThreads _threads = new(BenchmarkModels.Threads);
    private readonly InferenceRequest _request = new() { Inputs = BenchmarkModels.Rows(1) };
    private readonly BareThread _thread = new();
    private DirectRun? _direct;
    private ServedModelVersion? _version;

    [Params("32-1024-1024-512-1", "190 products")]
    public string Model { get; set; } = "";

    [GlobalSetup]
    public void Load()
    {
        var file = Model is "190 products" ? _models.Slow : _models.Medium;
        _direct = new DirectRun(file);
        _version = _models.Serve(BenchmarkModels.Load(file), _threads);
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Requests)]
    public void Direct()
    {
        for (var i = 0; i < Requests; i++) _direct!.Run();
    }

    [Benchmark(OperationsPerInvoke = Requests)]
    public async Task BareThread()
    {
        for (var i = 0; i < Requests; i++) await _thread.RunAsync(_direct!.Run);
    }

    [Benchmark(OperationsPerInvoke = Requests)]
    public async Task Served()
    {
        for (var i = 0; i < Requests; i++) await _version!.InferAsync(_request, CancellationToken.None);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _version?.Dispose();
        _threads.Dispose();
        _thread.Dispose();
        _direct?.Dispose();
        _models.Dispose();
        GC.SuppressFinalize(this);
    }
}
