using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models.Batching;

/// <summary>Runs the batches that the batcher takes, and tells each caller how its own request went.</summary>
/// <remarks>Any inference thread, without a lock. A batch that fails is run again request by request, so that only the guilty one fails.</remarks>
internal sealed class BatchRunner(DynamicBatcher batcher, int version, IModelSession session, VersionMeter meter, TimeProvider time)
{
    public void Run(RunningBatch batch)
    {
        var isComputed = false;
        try
        {
            isComputed = Compute(batch);
            if (isComputed) Answer(batch);
            else RunAlone(batch);
        }
        catch (OperationCanceledException) when (batch.Abandonment.IsCancellationRequested)
        {
            // All callers are gone, and each has its answer.
        }
        catch (Exception e) when (batch.IsAlone)
        {
            Fail(batch.Callers[0], AsFailure(e));
        }
        catch (Exception)
        {
            RunAlone(batch);
        }
        finally
        {
            batcher.Finish(batch, isComputed);
        }
    }

    /// <summary>Ends a request with a failure, unless it has ended.</summary>
    public void Fail(PendingInference pending, InferenceException failure)
    {
        if (!pending.TryEnd()) return;
        batcher.Withdraw(pending);
        meter.OnFailed(pending, time.GetTimestamp());
        pending.TrySetException(failure);
    }

    private bool Compute(RunningBatch batch)
    {
        batch.Work.Begin();
        var areRowsFirst = session.Run(batch.Work, batch.Abandonment.Token);
        batch.Work.EndOutput();
        meter.OnRun(batch.Rows, batch.Work.Durations);
        if (!areRowsFirst) batcher.StopJoining();
        return batch.Work.OutputsOf(0) is not null;
    }

    private void Answer(RunningBatch batch)
    {
        for (var i = 0; i < batch.Callers.Count; i++)
        {
            var (pending, slice, outputs) = (batch.Callers[i], batch.Work.Slices[i], batch.Work.OutputsOf(i)!);
            if (slice.IsWhole) Succeed(pending, outputs, batch.Work.Durations);
            else if (batcher.AddPart(pending, slice, outputs, batch.Work.Durations) is { } parts) Succeed(pending, AnsweredPart.Join(parts), pending.Durations);
        }
    }

    private void Succeed(PendingInference pending, Tensor[] outputs, StageDurations durations)
    {
        // Lost to a caller who left, or whose time was up, while the model ran.
        if (!pending.TryEnd()) return;
        meter.OnAnswered(pending, durations, time.GetTimestamp());
        pending.TrySetResult(new InferenceResponse { Version = version, Outputs = outputs });
    }

    private void RunAlone(RunningBatch batch)
    {
        for (var i = 0; i < batch.Callers.Count; i++)
        {
            if (batcher.BeginAlone(batch.Callers[i], batch.Work.Slices[i]) is { } alone) Run(alone);
        }
    }

    private static InferenceException AsFailure(Exception e) =>
        e as InferenceException ?? new InferenceException(InferenceErrorCode.ModelFailed, $"The model failed on this input: {e.Message}");
}
