using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models.Batching;
using OrleansInference.Grains.Models.Loading;
using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models;

/// <summary>One loaded version: a session behind its batcher.</summary>
/// <remarks>
/// Promises: bad input and a full queue are told at once and cost no run; a deadline and a caller who leaves are answered at that
/// moment; the session is closed once, when the last holder and the last run are gone.
/// </remarks>
public sealed class ServedModelVersion : IServedVersion, IDisposable
{
    // Set in _holders when the version is retired; the other bits count who holds it.
    private const int Retired = 1 << 30;

    // What a timer can wait for; a longer deadline is none.
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromDays(24);

    private readonly string _model;
    private readonly IModelSession _session;
    private readonly BatchingOptions _batching;
    private readonly TimeProvider _time;
    private readonly BatchingErrors _errors;
    private readonly RequestedOutputs _outputs;
    private readonly VersionMeter _meter;
    private readonly DynamicBatcher _batcher;
    private readonly IDisposable _queueLength;
    private readonly TaskCompletionSource _freed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _holders;

    public ServedModelVersion(
        string model,
        int version,
        IModelSession session,
        TaskScheduler scheduler,
        BatchingOptions batching,
        TimeProvider time,
        InferenceInstruments instruments,
        ILogger? logger = null)
    {
        (_model, Version, _session, _batching, _time) = (model, version, session, batching, time);
        _errors = new BatchingErrors(model, version, batching);
        _outputs = new RequestedOutputs(model, version, session.Metadata.Outputs);
        _meter = new VersionMeter(model, version, instruments, time, logger ?? NullLogger.Instance);
        _batcher = new DynamicBatcher(version, session, scheduler, batching, _errors, _meter, time);
        _queueLength = _meter.ObserveQueue(() => _batcher.WaitingRows);
        MaxBatchSize = batching.MaxBatchSize > 1 && session.Metadata.IsBatchable ? batching.MaxBatchSize : 0;
    }

    public int Version { get; }

    public string Platform => "onnx_onnxv1";

    public ModelMetadata Metadata => _session.Metadata;

    public int MaxBatchSize { get; }

    public ModelStatistics Statistics => _meter.Statistics;

    internal DynamicBatcher Batcher => _batcher;

    public bool TryAcquire()
    {
        var holders = Volatile.Read(ref _holders);
        while ((holders & Retired) == 0)
        {
            var before = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (before == holders) return true;

            // Somebody else came or left in between: once more with what there is now.
            holders = before;
        }

        return false;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == Retired) _ = FreeAsync();
    }

    public Task RetireAsync()
    {
        if (Interlocked.Or(ref _holders, Retired) == 0) _ = FreeAsync();
        return _freed.Task;
    }

    public Task<InferenceResponse> InferAsync(InferenceRequest request, CancellationToken cancellationToken) =>
        request.Timeout is { } timeout && timeout < LongestTimeout ? InferWithinAsync(request, timeout, cancellationToken) : InferUntilAsync(request, cancellationToken);

    public Task<InferenceResponse> WarmUpAsync(InferenceRequest request, CancellationToken cancellationToken)
    {
        TensorValidation.ThrowIfInvalid(_model, Version, Metadata, request.Inputs, joins: MaxBatchSize > 0);

        // A thread of its own: on an inference thread the callers of other models would wait for the run.
        return Task.Factory.StartNew(
            () =>
            {
                ThreadNiceness.GiveWay();
                return new InferenceResponse { Version = Version, Outputs = _session.Run(request.Inputs, cancellationToken) };
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }

    /// <summary>For the end of the program: fails who waits, and closes the session when the last holder and run are gone.</summary>
    public void Dispose()
    {
        _batcher.Close();
        _ = RetireAsync();
    }

    private async Task<InferenceResponse> InferWithinAsync(InferenceRequest request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (timeout <= TimeSpan.Zero) throw _errors.DeadlineExceeded(timeout);
        using var budget = new TimeBudget(timeout, _time, cancellationToken);
        try
        {
            return await InferUntilAsync(request, budget.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw _errors.DeadlineExceeded(timeout);
        }
    }

    // Without a step of its own: in a grain each costs the continuation, its task and its place in the scheduler's queue.
    private Task<InferenceResponse> InferUntilAsync(InferenceRequest request, CancellationToken cancellationToken)
    {
        try
        {
            TensorValidation.ThrowIfInvalid(_model, Version, Metadata, request.Inputs, joins: MaxBatchSize > 0);
            var wanted = _outputs.Find(request.Outputs);
            var inputs = TensorValidation.InModelOrder(Metadata, request.Inputs);
            var timeout = request.Timeout < LongestTimeout ? request.Timeout : null;
            return _batcher.InferAsync(inputs, wanted, RowsOf(inputs), request.Priority, timeout, cancellationToken);
        }
        catch (InferenceException e)
        {
            return Task.FromException<InferenceResponse>(e);
        }
    }

    private int RowsOf(IReadOnlyList<Tensor> inputs)
    {
        var rows = Metadata.IsBatchable ? inputs[0].Shape[0] : 1;
        return rows <= _batching.MaxQueueLength ? (int)rows : throw _errors.TooLarge(rows);
    }

    private async Task FreeAsync()
    {
        // Off the thread of whoever left last: freeing a large model takes a while.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        _queueLength.Dispose();
        await _batcher.DisposeAsync().ConfigureAwait(false);
        _session.Dispose();
        _freed.SetResult();
    }
}
