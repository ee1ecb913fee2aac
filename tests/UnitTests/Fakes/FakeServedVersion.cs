using OrleansInference;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Models.Batching;
using OrleansInference.Grains.Models.Loading;
using OrleansInference.Grains.Models.Sessions;

namespace UnitTests.Fakes;

/// <summary>A version that counts its holders and answers as the test wants.</summary>
internal sealed class FakeServedVersion(string model, int version) : IServedVersion
{
    private readonly TaskCompletionSource _freed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _retired = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _holders = 1;
    private int _runs;

    public string Model => model;

    public int Version => version;

    public string Platform => "onnx_onnxv1";

    public ModelMetadata Metadata { get; set; } = new([new TensorMetadata("x", TensorDatatype.FP32, [-1, 1])], [new TensorMetadata("y", TensorDatatype.FP32, [-1, 1])]);

    public int MaxBatchSize { get; init; } = 4;

    public ModelStatistics Statistics => new() { Name = model, Version = version };

    public int Runs => Volatile.Read(ref _runs);

    public bool IsFreed => _freed.Task.IsCompleted;

    public Task Freed => _freed.Task;

    /// <summary>Completes when it takes nobody new.</summary>
    public Task Retired => _retired.Task.WaitAsync(Gate.Patience);

    /// <summary>What a run does before it answers.</summary>
    public Func<InferenceRequest, Task> OnInfer { get; set; } = _ => Task.CompletedTask;

    /// <summary>What a run answers.</summary>
    public Func<InferenceRequest, IReadOnlyList<Tensor>> OnAnswer { get; set; } = _ => [];

    /// <summary>Called when the memory is free.</summary>
    public Action OnFreed { get; set; } = () => { };

    public bool TryAcquire()
    {
        for (var holders = Volatile.Read(ref _holders); holders > 0; holders = Volatile.Read(ref _holders))
        {
            if (Interlocked.CompareExchange(ref _holders, holders + 1, holders) == holders) return true;
        }

        return false;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) > 0) return;
        OnFreed();
        _freed.TrySetResult();
    }

    public Task RetireAsync()
    {
        if (_retired.TrySetResult()) Release();
        return _freed.Task;
    }

    public Task<InferenceResponse> WarmUpAsync(InferenceRequest request, CancellationToken cancellationToken) => InferAsync(request, cancellationToken);

    public async Task<InferenceResponse> InferAsync(InferenceRequest request, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _runs);
        if (IsFreed) throw new InvalidOperationException($"{model}/{version} ran after its memory was freed");
        await OnInfer(request);
        return new InferenceResponse { Version = version, Outputs = OnAnswer(request) };
    }
}

/// <summary>Makes <see cref="FakeServedVersion"/>s and counts those in memory.</summary>
internal sealed class FakeVersionFactory : IVersionFactory
{
    private readonly Lock _lock = new();
    private readonly List<FakeServedVersion> _made = [];
    private int _resident;

    /// <summary>What a load does, on its thread.</summary>
    public Action<string, int> OnLoad { get; set; } = (_, _) => { };

    /// <summary>What is set up on each version.</summary>
    public Action<FakeServedVersion> OnMade { get; set; } = _ => { };

    /// <summary>Most versions that were in memory at once.</summary>
    public int MostResident { get; private set; }

    public int Resident => Volatile.Read(ref _resident);

    public IReadOnlyList<FakeServedVersion> Made
    {
        get
        {
            lock (_lock) return [.. _made];
        }
    }

    public IServedVersion Load(string model, int version, string file, BatchingOptions batching, TaskScheduler scheduler)
    {
        lock (_lock) MostResident = Math.Max(MostResident, ++_resident);
        try
        {
            OnLoad(model, version);
        }
        catch
        {
            lock (_lock) _resident--;
            throw;
        }

        var made = new FakeServedVersion(model, version) { MaxBatchSize = batching.MaxBatchSize };
        made.OnFreed = () =>
        {
            lock (_lock) _resident--;
        };
        OnMade(made);
        lock (_lock) _made.Add(made);
        return made;
    }
}
