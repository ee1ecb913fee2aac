using OrleansInference;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Models.Sessions;

namespace UnitTests.Fakes;

/// <summary>A version that answers its inputs, after doing what the test asks.</summary>
internal sealed class FakeVersion(int version) : IServedVersion
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _free;
    private int _runs;
    private int _holders;

    public FakeVersion()
        : this(1)
    {
    }

    public int Version => version;

    public string Platform => "onnx_onnxv1";

    public ModelMetadata Metadata { get; init; } = new([new TensorMetadata("x", TensorDatatype.FP32, [-1, 1])], [new TensorMetadata("x", TensorDatatype.FP32, [-1, 1])]);

    public int MaxBatchSize => 64;

    public ModelStatistics Statistics { get; init; } = new() { Name = "fraud", Version = version };

    /// <summary>What happens to a request.</summary>
    public Func<InferenceRequest, CancellationToken, Task<InferenceResponse>> OnInfer { get; set; } = (request, _) => Task.FromResult(Answer(request));

    public int Runs => Volatile.Read(ref _runs);

    public int Holders => Volatile.Read(ref _holders);

    public bool Retired { get; set; }

    /// <summary>The inputs as outputs.</summary>
    public static InferenceResponse Answer(InferenceRequest request) => new() { Version = 1, Outputs = request.Inputs };

    public bool TryAcquire()
    {
        if (Retired) return false;
        lock (_lock) _holders++;
        return true;
    }

    public void Release()
    {
        lock (_lock)
        {
            if (--_holders > 0) return;
            _free?.TrySetResult();
            _free = null;
        }
    }

    /// <summary>Completes when nobody holds it.</summary>
    public Task WaitUntilFreeAsync()
    {
        lock (_lock)
        {
            if (_holders == 0) return Task.CompletedTask;
            _free ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _free.Task.WaitAsync(Gate.Patience);
        }
    }

    public Task RetireAsync()
    {
        Retired = true;
        return Task.CompletedTask;
    }

    public Task<InferenceResponse> WarmUpAsync(InferenceRequest request, CancellationToken cancellationToken) => InferAsync(request, cancellationToken);

    public Task<InferenceResponse> InferAsync(InferenceRequest request, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _runs);
        return OnInfer(request, cancellationToken);
    }
}
