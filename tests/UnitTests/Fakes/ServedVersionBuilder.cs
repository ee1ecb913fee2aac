using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Models.Batching;
using OrleansInference.Grains.Models.Scheduling;

namespace UnitTests.Fakes;

/// <summary>A version over a fake session, fake time and real inference threads.</summary>
internal sealed class ServedVersionBuilder : IDisposable
{
    private readonly List<Gate> _gates = [];
    private InferenceThreads? _threads;
    private ServedModelVersion? _version;

    public FakeTimeProvider Time { get; } = new();

    public FakeModelSession Session { get; set; } = new();

    public BatchingOptions Batching { get; set; } = new() { MaxBatchSize = 4 };

    public InferenceInstruments Instruments { get; set; } = FakeMeterFactory.Instruments;

    public ILogger Logger { get; set; } = NullLogger.Instance;

    public string Model { get; init; } = "fraud";

    public int ThreadCount { get; set; } = 1;

    public InferenceThreads Threads => _threads ??= new InferenceThreads(ThreadCount);

    /// <summary>Version 7, made at the first look.</summary>
    public ServedModelVersion Version =>
        _version ??= new ServedModelVersion(Model, 7, Session, new InferenceTaskScheduler(Threads, ThreadCount), Batching, Time, Instruments, Logger);

    /// <summary>Starts a request that holds a thread until the gate is opened, so that what comes behind it gathers.</summary>
    public async Task<(Gate Gate, Task<InferenceResponse> Running)> HoldAThreadAsync()
    {
        var gate = new Gate();
        _gates.Add(gate);
        var before = Session.OnRun;
        Session.OnRun = (inputs, cancellationToken) =>
        {
            Session.OnRun = before;
            gate.Pass(cancellationToken);
        };
        var running = InferAsync(Rows(-1));
        await gate.Reached;
        return (gate, running);
    }

    public Task<InferenceResponse> InferAsync(InferenceRequest request, CancellationToken cancellationToken = default) =>
        Version.InferAsync(request, cancellationToken);

    /// <summary>A request whose only column has these values.</summary>
    public static InferenceRequest Rows(params float[] values) => new() { Inputs = [Tensor.Create<float>("x", TensorDatatype.FP32, [values.Length, 1], values)] };

    /// <summary>The values of an answer.</summary>
    public static float[] Values(InferenceResponse response) => response.Outputs.Single().Elements<float>().ToArray();

    /// <summary>Waits until every run has ended and the session is closed, so that counters have come to rest.</summary>
    public Task DrainAsync() => Version.RetireAsync().WaitAsync(Gate.Patience);

    public void Dispose()
    {
        foreach (var gate in _gates) gate.Open();
        _version?.Dispose();
        _threads?.Dispose();
        foreach (var gate in _gates) gate.Dispose();
    }
}
