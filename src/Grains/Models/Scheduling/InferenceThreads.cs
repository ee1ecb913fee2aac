namespace OrleansInference.Grains.Models.Scheduling;

/// <summary>The threads that run models, and nothing else.</summary>
/// <remarks>
/// Promises: work runs on these named threads only, never on the thread pool that grains, sockets and membership probes share;
/// models with waiting work take turns; no model holds more threads than its limit while it has one; spare work runs only where
/// nothing else waits, and is told to stop when a thread is wanted; nobody waits forever, not even when the threads end.
/// Threads: any thread adds work; _lock guards the fields below it and the queues of the schedulers, and is held for list work
/// only: threads are woken and spare work is stopped after release.
/// </remarks>
public sealed class InferenceThreads : IDisposable
{
    [ThreadStatic]
    private static InferenceThreads? _ownerOfCurrentThread;

    private readonly InferenceThread[] _threads;
    private readonly CancellationTokenSource _stopping = new();

    private readonly Lock _lock = new();

    // Schedulers with waiting work and a free place, each at most once: taking one from the front and putting it back at the
    // end is the round robin.
    private readonly Queue<InferenceTaskScheduler> _ready = new();

    // Last in, first out, so that work comes to the thread whose caches are warm.
    private readonly Stack<InferenceThread> _idle = new();
    private readonly SpareLane _spare;
    private int _busy;
    private bool _isStopping;

    public InferenceThreads(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Stopping = _stopping.Token;
        _spare = new SpareLane(Math.Max(1, count - 1));
        _threads = [.. Enumerable.Range(0, count).Select(i => new InferenceThread($"inference-{i}", Run))];
        foreach (var thread in _threads) thread.Start();
    }

    /// <summary>How many there are.</summary>
    public int Count => _threads.Length;

    /// <summary>How many compute nothing at this moment.</summary>
    public int IdleCount
    {
        get
        {
            lock (_lock) return _threads.Length - _busy;
        }
    }

    /// <summary>Cancelled when the threads are to end. Waiting work that was started with it ends as cancelled at that moment.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>Whether the calling thread is one of these.</summary>
    public bool OwnCurrentThread => _ownerOfCurrentThread == this;

    /// <summary>Takes work that is worth a thread only while nobody else wants one, such as a shadow's run.</summary>
    /// <param name="work">
    /// Runs when no other work is ready, on all threads but one (on the only one where there is no other). Its token is cancelled
    /// when other work comes and no thread is idle: it should then end soon and give its result up. It is called exactly once,
    /// with a cancelled token when the threads end before its turn, so that it can always complete what somebody awaits.
    /// </param>
    /// <returns>False where 64 already wait, or the threads are ending: the work was not taken.</returns>
    public bool TryQueueSpare(Action<CancellationToken> work)
    {
        InferenceThread? woken;
        lock (_lock)
        {
            if (_isStopping || !_spare.TryAdd(work)) return false;
            woken = _spare.MayRun && _idle.TryPop(out var idle) ? idle : null;
        }

        woken?.Wake();
        return true;
    }

    /// <summary>Ends the threads after the work that runs now.</summary>
    /// <remarks>
    /// What waits with <see cref="Stopping"/> is cancelled. What waits without it still runs: a task cannot be ended from outside,
    /// and its awaiter must not wait forever.
    /// </remarks>
    public void Dispose()
    {
        InferenceThread[] idle;
        SpareWork[] spares;
        lock (_lock)
        {
            if (_isStopping) return;
            _isStopping = true;
            idle = [.. _idle];
            _idle.Clear();
            spares = _spare.Stop();
        }

        _stopping.Cancel();
        foreach (var spare in spares) spare.Cancel();
        foreach (var thread in idle) thread.Wake();
        foreach (var thread in _threads) thread.Join();
    }

    /// <exception cref="InferenceException">NotReady: the threads are ending.</exception>
    internal void Add(InferenceTaskScheduler scheduler, Task task)
    {
        Signal signal;
        lock (_lock)
        {
            if (_isStopping) throw IsStopping();
            scheduler.Waiting.AddLast(task);
            signal = MakeReadyNeedsLock(scheduler);
        }

        signal.Send();
    }

    /// <summary>Takes waiting work out again; false when it has started or ended.</summary>
    internal bool Remove(InferenceTaskScheduler scheduler, Task task)
    {
        lock (_lock) return scheduler.Waiting.Remove(task);
    }

    internal IReadOnlyList<Task> Snapshot(InferenceTaskScheduler scheduler)
    {
        lock (_lock) return [.. scheduler.Waiting];
    }

    internal static InferenceException IsStopping() =>
        new(InferenceErrorCode.NotReady, "The server is stopping and starts no more work. Ask again: another server, or this one once it is back.", TimeSpan.FromSeconds(1));

    private void Run(InferenceThread self)
    {
        _ownerOfCurrentThread = this;
        while (TryTake(self, out var work))
        {
            work.Execute();
            Release(work);
        }
    }

    private bool TryTake(InferenceThread self, out Work work)
    {
        while (true)
        {
            var signal = default(Signal);
            lock (_lock)
            {
                if (!TryTakeNeedsLock(out work, ref signal))
                {
                    if (_isStopping) return false;
                    _idle.Push(self);
                }
            }

            signal.Send();
            if (!work.IsNothing) return true;
            self.Sleep();
        }
    }

    private bool TryTakeNeedsLock(out Work work, ref Signal signal)
    {
        while (_ready.TryDequeue(out var scheduler))
        {
            scheduler.IsReady = false;

            // Its work may have been cancelled since it became ready.
            if (scheduler.Waiting.First is not { Value: var task }) continue;
            scheduler.Waiting.RemoveFirst();
            scheduler.Running++;
            _busy++;
            signal = MakeReadyNeedsLock(scheduler);
            work = new Work(scheduler, task, null);
            return true;
        }

        work = _spare.TryTake() is { } spare ? new Work(null, null, spare) : default;
        if (!work.IsNothing) _busy++;
        return !work.IsNothing;
    }

    private void Release(in Work work)
    {
        var signal = default(Signal);
        lock (_lock)
        {
            _busy--;
            if (work.Spare is { } spare) _spare.Release(spare);
            if (work.Scheduler is { } scheduler)
            {
                scheduler.Running--;
                signal = MakeReadyNeedsLock(scheduler);
            }
        }

        signal.Send();
    }

    private Signal MakeReadyNeedsLock(InferenceTaskScheduler scheduler)
    {
        if (scheduler.IsReady || scheduler.Waiting.Count == 0 || scheduler.Running >= scheduler.MaxThreads) return default;
        scheduler.IsReady = true;
        _ready.Enqueue(scheduler);
        if (_idle.TryPop(out var idle)) return new Signal(idle, null);

        // A thread may be free and not asleep: on its way to work that was ready before, or just done.
        return _ready.Count > _threads.Length - _busy ? new Signal(null, _spare.Newest()) : default;
    }

    /// <summary>What a thread does next: a model's task, or spare work.</summary>
    private readonly record struct Work(InferenceTaskScheduler? Scheduler, Task? Task, SpareWork? Spare)
    {
        public bool IsNothing => Task is null && Spare is null;

        public void Execute()
        {
            if (Task is not null) Scheduler!.Execute(Task);
            else Spare!.Execute();
        }
    }

    /// <summary>Whom to tell, once the lock is released, that work is ready: an idle thread, or else spare work that holds one.</summary>
    private readonly record struct Signal(InferenceThread? Idle, SpareWork? Spare)
    {
        public void Send()
        {
            Idle?.Wake();
            Spare?.Cancel();
        }
    }
}
