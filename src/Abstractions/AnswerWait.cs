using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;

namespace OrleansInference;

/// <summary>A wait for an answer that ends with it, with the caller's patience, or when the caller leaves; it throws nothing.</summary>
/// <remarks>
/// Each prediction waits so, and nearly all have their answer long before: the wait and its timer are made once and serve one after
/// the other. Promises: a wait ends once. It may end early where the timer of the wait before fired in the moment of its answer.
/// Only a wait that its answer ended is used again, since every other one is still known to an answer to come.
/// </remarks>
internal sealed class AnswerWait : IValueTaskSource
{
    private readonly ConcurrentQueue<AnswerWait> _idle;
    private readonly ITimer _timer;
    private readonly Action _onAnswer;
    private ManualResetValueTaskSourceCore<bool> _end;
    private CancellationTokenRegistration _leaving;
    private int _isOver;

    private AnswerWait(ConcurrentQueue<AnswerWait> idle, TimeSpan patience, TimeProvider time)
    {
        _idle = idle;
        _onAnswer = () => End(answered: true);

        // Whoever makes it is not whom it serves later.
        using AsyncFlowControl? flow = ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();
        _timer = time.CreateTimer(static wait => ((AnswerWait)wait!).End(answered: false), this, patience, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Begins a wait.</summary>
    /// <param name="answer">What is waited for.</param>
    /// <param name="patience">How long.</param>
    /// <param name="idle">The waits that were used before, of one clock.</param>
    /// <param name="time">That clock.</param>
    /// <param name="caller">Cancelled when the caller leaves.</param>
    public static ValueTask BeginAsync(Task answer, TimeSpan patience, ConcurrentQueue<AnswerWait> idle, TimeProvider time, CancellationToken caller)
    {
        if (answer.IsCompleted || patience == TimeSpan.Zero || caller.IsCancellationRequested) return default;
        if (idle.TryDequeue(out var wait)) wait._timer.Change(patience, Timeout.InfiniteTimeSpan);
        else wait = new AnswerWait(idle, patience, time);
        wait._leaving = caller.UnsafeRegister(static wait => ((AnswerWait)wait!).End(answered: false), wait);
        answer.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(wait._onAnswer);
        return new ValueTask(wait, wait._end.Version);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _end.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _end.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource.GetResult(short token)
    {
        var answered = _end.GetResult(token);
        _leaving.Dispose();
        _leaving = default;
        if (!answered)
        {
            _timer.Dispose();
            return;
        }

        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _end.Reset();
        Volatile.Write(ref _isOver, 0);
        _idle.Enqueue(this);
    }

    private void End(bool answered)
    {
        if (Interlocked.Exchange(ref _isOver, 1) == 0) _end.SetResult(answered);
    }
}
