using Microsoft.Extensions.Options;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Grains.Users;

/// <summary>Calls users' snapshot writers when their time has come, some at a time: one timer for all users of the silo, since one for each would be most of what a user weighs.</summary>
/// <remarks>
/// Promises: no more than MaxConcurrentWrites write at once; each writer that was added is called once, in order, on the turns of the
/// grain that added it, after <see cref="Delay"/> and at most <see cref="Step"/> later, or when those before it have written. It
/// cannot be taken back: who has nothing to write by then does nothing.
/// Threads: any. _lock guards the fields below it and is held for queue work only.
/// </remarks>
internal sealed class SnapshotSchedule
{
    /// <summary>How long an event may be in the log alone, where grain storage keeps up.</summary>
    public static readonly TimeSpan Delay = TimeSpan.FromSeconds(60);

    // Many users' times come together, so that a busy silo does not set its timer for each.
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private readonly int _most;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();

    // All wait equally long, so who came first is due first.
    private readonly Queue<Waiting> _waiting = new();

    // Here, and not each in a wait of its own: there may be as many as users.
    private readonly Queue<Waiting> _due = new();
    private int _writing;
    private Flush? _flush;

    public SnapshotSchedule(IOptions<SnapshotOptions> options, TimeProvider time, InferenceInstruments instruments)
    {
        _most = options.Value.MaxConcurrentWrites;
        _time = time;
        _timer = time.CreateTimer(_ => OnTime(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        instruments.ObserveSnapshots(CountDue);
    }

    /// <summary>Writers that wait, for their time or for others.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _waiting.Count + _due.Count;
        }
    }

    /// <summary>Has the writer called on the turns of the grain that runs now.</summary>
    public void Add(SnapshotWriter writer)
    {
        var waiting = new Waiting(writer, TaskScheduler.Current, _time.GetTimestamp());
        lock (_lock)
        {
            _waiting.Enqueue(waiting);
            if (_waiting.Count == 1) _timer.Change(Delay, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Whether one more may write now, out of its turn; then <see cref="End"/> follows.</summary>
    public bool TryBegin()
    {
        lock (_lock)
        {
            if (_writing >= _most) return false;
            _writing++;
            return true;
        }
    }

    /// <summary>One has written, or failed to: the next may.</summary>
    public void End()
    {
        lock (_lock) _writing--;
        CallDue();
    }

    /// <summary>Calls all who wait now without waiting for their time; nobody once grain storage does not answer.</summary>
    /// <exception cref="OperationCanceledException">There was no time for all; the others are not called any more.</exception>
    public async Task FlushAsync(SnapshotOutage outage, CancellationToken cancellationToken)
    {
        var flush = Begin(outage);
        CallDue();
        try
        {
            await flush.Written.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            lock (_lock) _due.Clear();
            throw;
        }
    }

    private Flush Begin(SnapshotOutage outage)
    {
        lock (_lock)
        {
            while (_waiting.TryDequeue(out var waiting)) _due.Enqueue(waiting);
            return _flush = new Flush(outage, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
    }

    private void OnTime()
    {
        lock (_lock)
        {
            while (_waiting.TryPeek(out var first) && LeftOf(first) <= TimeSpan.Zero) _due.Enqueue(_waiting.Dequeue());
            if (_waiting.TryPeek(out var next)) _timer.Change(LeftOf(next) > Step ? LeftOf(next) : Step, Timeout.InfiniteTimeSpan);
            else _waiting.TrimExcess();
        }

        CallDue();
    }

    private void CallDue()
    {
        while (TryTakeDue(out var due)) _ = CallAsync(due);
    }

    private bool TryTakeDue(out Waiting due)
    {
        lock (_lock)
        {
            if (_flush?.Outage.IsPausing is true) _due.Clear();
            if (_writing < _most && _due.TryDequeue(out due))
            {
                _writing++;
                return true;
            }

            if (_due.Count == 0) _due.TrimExcess();
            if (_due.Count == 0 && _writing == 0) _flush?.Written.TrySetResult();
            due = default;
            return false;
        }
    }

    // Completes when the writer has written, or failed to.
    private async Task CallAsync(Waiting waiting)
    {
        try
        {
            await Task.Factory.StartNew(
                static writer => ((SnapshotWriter)writer!).OnTimeAsync(), waiting.Writer, CancellationToken.None, TaskCreationOptions.DenyChildAttach, waiting.Turns).Unwrap();
        }
        finally
        {
            End();
        }
    }

    private int CountDue()
    {
        lock (_lock) return _due.Count;
    }

    private TimeSpan LeftOf(in Waiting waiting) => Delay - _time.GetElapsedTime(waiting.Since);

    private readonly record struct Waiting(SnapshotWriter Writer, TaskScheduler Turns, long Since);

    private sealed record Flush(SnapshotOutage Outage, TaskCompletionSource Written);
}
