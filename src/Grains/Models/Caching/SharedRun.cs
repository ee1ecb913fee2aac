namespace OrleansInference.Grains.Models.Caching;

/// <summary>One run of the model that several callers with the same inputs wait for.</summary>
/// <remarks>
/// Promises: a caller who leaves or runs out of time leaves the others their answer; the run ends when the last has gone.
/// Threads: any thread joins and leaves. _lock guards the field below it; cancellation happens after release.
/// </remarks>
internal sealed class SharedRun(InferencePriority priority) : IDisposable
{
    private readonly TaskCompletionSource<InferenceResponse> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _abandoned = new();
    private readonly Lock _lock = new();
    private int _waiting = 1;

    /// <summary>Cancelled when nobody waits any more.</summary>
    public CancellationToken Abandoned => _abandoned.Token;

    /// <summary>Waits too; false where the run is given up already, or is bulk work that somebody must not wait behind.</summary>
    public bool TryJoin(InferencePriority other)
    {
        lock (_lock)
        {
            if (_waiting == 0 || other < priority) return false;
            _waiting++;
            return true;
        }
    }

    /// <summary>The answer, or the caller's own end before it.</summary>
    public async Task<InferenceResponse> WaitAsync(TimeSpan? timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return await _answer.Task.WaitAsync(Limit(timeout), time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new InferenceException(InferenceErrorCode.DeadlineExceeded, $"The request's time of {timeout} was up before the model had answered. Allow more, or find the slow stage in the metrics.");
        }
        finally
        {
            Leave();
        }
    }

    public void Complete(InferenceResponse answer) => _answer.TrySetResult(answer);

    public void Fail(Exception failure)
    {
        _answer.TrySetException(failure);

        // Where all have left, nobody looks at it.
        _ = _answer.Task.Exception;
    }

    /// <summary>The run has ended, and nothing listens to <see cref="Abandoned"/> any more.</summary>
    public void Dispose() => _abandoned.Dispose();

    private static TimeSpan Limit(TimeSpan? timeout) =>
        timeout is not { } limit ? Timeout.InfiniteTimeSpan : limit > TimeSpan.Zero ? limit : TimeSpan.Zero;

    private void Leave()
    {
        lock (_lock)
        {
            if (--_waiting > 0 || _answer.Task.IsCompleted) return;
        }

        try
        {
            _abandoned.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The run ended just now, by itself.
        }
    }
}
