using System.Diagnostics;

namespace OrleansInference.Grains.Models.Scheduling;

/// <summary>Work for threads that nobody else wants. Guarded by the lock of <see cref="InferenceThreads"/>.</summary>
internal sealed class SpareLane(int maxThreads)
{
    private const int MaxWaiting = 64;

    private readonly Queue<SpareWork> _waiting = new();
    private readonly List<SpareWork> _running = [];
    private bool _isStopping;

    public bool MayRun => _isStopping || _running.Count < maxThreads;

    public bool TryAdd(Action<CancellationToken> work)
    {
        if (_waiting.Count >= MaxWaiting) return false;
        _waiting.Enqueue(new SpareWork(work));
        return true;
    }

    public SpareWork? TryTake()
    {
        if (!MayRun || !_waiting.TryDequeue(out var work)) return null;
        _running.Add(work);
        return work;
    }

    /// <summary>The one to stop for other work: the least is lost with what began last. It is named once; null where all are told.</summary>
    public SpareWork? Newest()
    {
        for (var i = _running.Count - 1; i >= 0; i--)
        {
            if (!_running[i].IsToldToStop) return _running[i].ToldToStop();
        }

        return null;
    }

    public void Release(SpareWork work)
    {
        var removed = _running.Remove(work);
        Debug.Assert(removed, "released without having been taken");
    }

    /// <summary>Lifts the limit, so that what waits is called soon; answers all there is, to be told to stop.</summary>
    public SpareWork[] Stop()
    {
        _isStopping = true;
        return [.. _waiting, .. _running];
    }
}

/// <summary>One piece of spare work, and the means to stop it. Nothing needs its disposal: it has neither timer nor wait handle.</summary>
internal sealed class SpareWork(Action<CancellationToken> work) : CancellationTokenSource
{
    /// <summary>Whether somebody is about to stop it. Guarded by the threads' lock.</summary>
    public bool IsToldToStop { get; private set; }

    public SpareWork ToldToStop()
    {
        IsToldToStop = true;
        return this;
    }

    public void Execute()
    {
        // The task keeps what the work throws: its thread must outlive it, and whoever queued it has means of its own to learn.
        var run = new Task(static self => ((SpareWork)self!).Call(), this, TaskCreationOptions.DenyChildAttach);
        run.RunSynchronously(TaskScheduler.Default);
    }

    private void Call() => work(Token);
}
