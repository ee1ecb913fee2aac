namespace OrleansInference.Grains.Users;

/// <summary>Calls users' snapshot writers when their time has come: one timer for all users of the silo, since one for each would be most of what a user weighs.</summary>
/// <remarks>
/// Promises: each writer that was added is called once, on the turns of the grain that added it, after <see cref="Delay"/> and at most
/// <see cref="Step"/> later. It cannot be taken back: who has nothing to write by then does nothing.
/// Threads: any. _lock guards _waiting and is held for queue work only.
/// </remarks>
internal sealed class SnapshotSchedule
{
    /// <summary>How long an event may be in the log alone.</summary>
    public static readonly TimeSpan Delay = TimeSpan.FromSeconds(60);

    // Enough to keep grain storage busy, and few enough that each write is quick: its user is asked for meanwhile.
    private const int AtOnce = 32;

    // Many users' times come together, so that a busy silo does not set its timer for each.
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();

    // All wait equally long, so who came first is due first.
    private readonly Queue<Waiting> _waiting = new();

    public SnapshotSchedule(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(_ => CallDue(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Writers that wait.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _waiting.Count;
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

    /// <summary>Calls all who wait now, some at a time, without waiting for their time; nobody once grain storage does not answer.</summary>
    /// <exception cref="OperationCanceledException">There was no time for all.</exception>
    public Task FlushAsync(SnapshotOutage outage, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(TakeAll(), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (waiting, cancelled) =>
        {
            if (!outage.IsPausing) await CallAsync(waiting).WaitAsync(cancelled);
        });

    // Completes when the writer has written, or failed to.
    private static Task CallAsync(in Waiting waiting) => Task.Factory.StartNew(
        static writer => ((SnapshotWriter)writer!).OnTimeAsync(), waiting.Writer, CancellationToken.None, TaskCreationOptions.DenyChildAttach, waiting.Turns).Unwrap();

    private void CallDue()
    {
        foreach (var due in TakeDue()) _ = CallAsync(due);
    }

    private List<Waiting> TakeAll()
    {
        lock (_lock)
        {
            List<Waiting> all = [.. _waiting];
            _waiting.Clear();
            return all;
        }
    }

    private List<Waiting> TakeDue()
    {
        var due = new List<Waiting>();
        lock (_lock)
        {
            while (_waiting.TryPeek(out var first) && LeftOf(first) <= TimeSpan.Zero) due.Add(_waiting.Dequeue());
            if (_waiting.TryPeek(out var next)) _timer.Change(LeftOf(next) > Step ? LeftOf(next) : Step, Timeout.InfiniteTimeSpan);
            else _waiting.TrimExcess();
        }

        return due;
    }

    private TimeSpan LeftOf(in Waiting waiting) => Delay - _time.GetElapsedTime(waiting.Since);

    private readonly record struct Waiting(SnapshotWriter Writer, TaskScheduler Turns, long Since);
}
