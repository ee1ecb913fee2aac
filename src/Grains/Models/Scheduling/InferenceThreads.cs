namespace OrleansInference.Grains.Models.Scheduling;

/// <summary>The threads that run models, and nothing else.</summary>
/// <remarks>
/// Promises: work runs on these named threads only, never on the thread pool that grains, sockets and membership probes share;
/// models with waiting work take turns; no model holds more threads than its limit while it has one.
/// Threads: any thread adds work; _gate guards the fields below it and the queues of the schedulers, and is held for list work
/// only.
/// </remarks>
public sealed class InferenceThreads : IDisposable
{
    private readonly object _gate = new();

    // Schedulers with waiting work and a free place, each at most once: taking one from the front and putting it back at the
    // end is the round robin.
    private readonly Queue<InferenceTaskScheduler> _ready = new();
    private readonly Thread[] _threads;
    private bool _stopping;

    public InferenceThreads(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        _threads = [.. Enumerable.Range(0, count).Select(i => new Thread(Run) { Name = $"inference-{i}", IsBackground = true })];
        foreach (var thread in _threads) thread.Start();
    }

    /// <summary>How many there are.</summary>
    public int Count => _threads.Length;

    /// <summary>Whether the calling thread is one of these.</summary>
    public bool OwnCurrentThread => Array.IndexOf(_threads, Thread.CurrentThread) >= 0;

    /// <summary>Ends the threads after the work that runs now; what still waits never starts.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.PulseAll(_gate);
        }

        foreach (var thread in _threads) thread.Join();
    }

    internal void Add(InferenceTaskScheduler scheduler, Task task)
    {
        lock (_gate)
        {
            scheduler.Waiting.AddLast(task);
            MakeReadyNeedsLock(scheduler);
        }
    }

    /// <summary>Takes waiting work out again; false when it has started or ended.</summary>
    internal bool Remove(InferenceTaskScheduler scheduler, Task task)
    {
        lock (_gate) return scheduler.Waiting.Remove(task);
    }

    internal IReadOnlyList<Task> Snapshot(InferenceTaskScheduler scheduler)
    {
        lock (_gate) return [.. scheduler.Waiting];
    }

    private void Run()
    {
        while (TryTake(out var scheduler, out var task))
        {
            scheduler.Execute(task);
            Release(scheduler);
        }
    }

    private bool TryTake(out InferenceTaskScheduler scheduler, out Task task)
    {
        lock (_gate)
        {
            while (!_stopping)
            {
                if (!_ready.TryDequeue(out scheduler!))
                {
                    Monitor.Wait(_gate);
                    continue;
                }

                scheduler.IsReady = false;

                // Its work may have been cancelled since it became ready.
                if (scheduler.Waiting.First is not { Value: var first }) continue;
                task = first;
                scheduler.Waiting.RemoveFirst();
                scheduler.Running++;
                MakeReadyNeedsLock(scheduler);
                return true;
            }

            (scheduler, task) = (null!, null!);
            return false;
        }
    }

    private void Release(InferenceTaskScheduler scheduler)
    {
        lock (_gate)
        {
            scheduler.Running--;
            MakeReadyNeedsLock(scheduler);
        }
    }

    private void MakeReadyNeedsLock(InferenceTaskScheduler scheduler)
    {
        if (scheduler.IsReady || scheduler.Waiting.Count == 0 || scheduler.Running >= scheduler.MaxThreads) return;
        scheduler.IsReady = true;
        _ready.Enqueue(scheduler);
        Monitor.Pulse(_gate);
    }
}
