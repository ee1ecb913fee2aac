using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models;

/// <summary>One loaded version: admits requests up to a limit and runs each on the model's scheduler.</summary>
public sealed class ServedModelVersion(
    string model,
    int version,
    IModelSession session,
    TaskScheduler scheduler,
    int maxQueueLength,
    TimeProvider time,
    InferenceInstruments instruments) : IDisposable
{
    private long _meanRunTicks = TimeSpan.TicksPerMillisecond;
    private int _admitted;

    public int Version => version;

    public ModelMetadata Metadata => session.Metadata;

    /// <summary>Runs the model off the caller's thread. Work that is cancelled while it waits never starts.</summary>
    /// <exception cref="InferenceException">InvalidInput, QueueFull or ModelFailed.</exception>
    public async Task<InferenceResponse> InferAsync(InferenceRequest request, CancellationToken cancellationToken)
    {
        TensorValidation.ThrowIfInvalid(model, version, session.Metadata, request.Inputs);
        if (Interlocked.Increment(ref _admitted) > maxQueueLength) throw Reject();
        try
        {
            var outputs = await Queue(request.Inputs, cancellationToken);
            return new InferenceResponse { Version = version, Outputs = outputs };
        }
        finally
        {
            Interlocked.Decrement(ref _admitted);
        }
    }

    public void Dispose() => session.Dispose();

    private Task<IReadOnlyList<Tensor>> Queue(IReadOnlyList<Tensor> inputs, CancellationToken cancellationToken)
    {
        var queuedAt = time.GetTimestamp();

        // The continuation must not run on the inference thread: whoever awaits would compute there instead of the model.
        var run = new Task<IReadOnlyList<Tensor>>(
            () => Run(inputs, queuedAt, cancellationToken),
            cancellationToken,
            TaskCreationOptions.DenyChildAttach | TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            // Not Task.Factory.StartNew: a task from there learns that it was cancelled only when a thread comes to it.
            run.Start(scheduler);
        }
        catch (InvalidOperationException) when (run.IsCanceled)
        {
            // Cancelled before it was queued, which the awaiter learns from the task.
        }

        return run;
    }

    private IReadOnlyList<Tensor> Run(IReadOnlyList<Tensor> inputs, long queuedAt, CancellationToken cancellationToken)
    {
        var startedAt = time.GetTimestamp();
        var outputs = session.Run(inputs, cancellationToken);
        var computed = time.GetElapsedTime(startedAt);

        // A lost update between two threads costs one sample of an estimate.
        Volatile.Write(ref _meanRunTicks, (Volatile.Read(ref _meanRunTicks) * 7 + computed.Ticks) / 8);
        instruments.OnInferred(model, version, time.GetElapsedTime(queuedAt, startedAt), computed);
        return outputs;
    }

    private InferenceException Reject()
    {
        Interlocked.Decrement(ref _admitted);
        instruments.OnRejected(model, "queue_full");
        var drained = TimeSpan.FromTicks(Volatile.Read(ref _meanRunTicks) * maxQueueLength / scheduler.MaximumConcurrencyLevel);
        return new InferenceException(
            InferenceErrorCode.QueueFull,
            $"The queue of {model}/{version} is full (Inference:Models:MaxQueueLength = {maxQueueLength}). Raise it, add silos, or slow the callers.",
            drained);
    }
}
