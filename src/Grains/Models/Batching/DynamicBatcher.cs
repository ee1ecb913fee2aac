using OrleansInference.Grains.Models.Scheduling;
using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models.Batching;

/// <summary>Groups concurrent requests for one model version into batches.</summary>
/// <remarks>
/// Promises: bounded by MaxQueueLength; first in, first out within a priority and a shape; every accepted request completes
/// exactly once; one caller's cancellation or failure never reaches its neighbours.
/// It asks the scheduler for runs, and a run takes its batch only when a thread has come to it: a lone request starts at once on
/// an idle thread, and requests gather while all are busy.
/// Threads: any thread enqueues or leaves; inference threads take and run. _lock guards the fields below it, the queues, and
/// which batches run. It is held for list work only: completions, wake-ups and metrics happen after release.
/// </remarks>
internal sealed class DynamicBatcher : IAsyncDisposable
{
    private readonly TaskScheduler _scheduler;
    private readonly BatchingOptions _options;
    private readonly BatchingErrors _errors;
    private readonly TimeProvider _time;
    private readonly VersionMeter _meter;
    private readonly BatchRunner _runner;
    private readonly int _maxRuns;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenRegistration _stopping;
    private readonly ITimer? _delay;

    private readonly Lock _lock = new();
    private readonly PendingQueue _interactive = new();
    private readonly PendingQueue _bulk = new();
    private readonly PriorityTurns _turns;
    private readonly ServiceRate _rate = new();
    private readonly List<RunningBatch> _running = [];
    private readonly Stack<RunningBatch> _free = new();
    private int _runsAsked;
    private bool _joins;
    private bool _isClosed;

    public DynamicBatcher(IModelSession session, TaskScheduler scheduler, BatchingOptions options, BatchingErrors errors, VersionMeter meter, TimeProvider time)
    {
        (_scheduler, _options, _errors, _time, _meter) = (scheduler, options, errors, time, meter);
        _runner = new BatchRunner(this, session, meter, time);
        _joins = options.MaxBatchSize > 1 && session.Metadata.IsBatchable;
        _maxRuns = Math.Min(scheduler.MaximumConcurrencyLevel, Environment.ProcessorCount);
        _turns = new PriorityTurns(time, options.MaxBatchSize, _maxRuns);
        if (options.MaxQueueDelay > TimeSpan.Zero) _delay = time.CreateTimer(static self => ((DynamicBatcher)self!).OnDelayOver(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (scheduler is InferenceTaskScheduler { Threads.Stopping: var stopping }) _stopping = stopping.UnsafeRegister(static self => ((DynamicBatcher)self!).Close(), this);
    }

    /// <summary>Rows that wait for a run.</summary>
    public int WaitingRows
    {
        get
        {
            lock (_lock) return _interactive.Rows + _bulk.Rows;
        }
    }

    /// <summary>Runs that are under way.</summary>
    public int RunningCount
    {
        get
        {
            lock (_lock) return _running.Count;
        }
    }

    /// <summary>Computes the outputs at these positions from checked inputs in the model's order.</summary>
    /// <exception cref="InferenceException">QueueFull, NotReady or ModelFailed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task<IReadOnlyList<Tensor>> InferAsync(
        IReadOnlyList<Tensor> inputs, IReadOnlyList<int> outputs, int rows, InferencePriority priority, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var pending = new PendingInference(this, inputs, outputs, rows, priority, _time.GetTimestamp());
        if (TryEnqueue(pending) is { } refusal) throw refusal;
        await using var leaving = cancellationToken.UnsafeRegister(static (pending, token) => ((PendingInference)pending!).Leave(token), pending);
        return await pending.Task;
    }

    /// <summary>The request leaves the queue at once, and a run that nobody waits for is ended.</summary>
    public void Leave(PendingInference pending, CancellationToken left)
    {
        if (!pending.TryEnd()) return;
        Withdraw(pending);
        _meter.OnFailed(pending, _time.GetTimestamp());
        pending.TrySetCanceled(left);
    }

    /// <summary>Takes nobody new and fails who waits; what runs is still answered.</summary>
    public void Close()
    {
        List<PendingInference> waiting = [];
        bool isDrained;
        lock (_lock)
        {
            _isClosed = true;
            isDrained = _running.Count == 0;
            for (var next = _interactive.First; next is not null; next = next.Next) waiting.Add(next);
            for (var next = _bulk.First; next is not null; next = next.Next) waiting.Add(next);
        }

        foreach (var pending in waiting) _runner.Fail(pending, _errors.NotReady());
        if (isDrained) _drained.TrySetResult();
        _delay?.Dispose();
        _stopping.Unregister();
    }

    /// <summary>Closes; completes when nothing runs any more.</summary>
    public async ValueTask DisposeAsync()
    {
        Close();
        await _drained.Task;
    }

    /// <summary>Takes what is left of an ended request out of the queue, and ends the runs that nobody waits for.</summary>
    internal void Withdraw(PendingInference pending)
    {
        List<CancellationTokenSource>? abandoned = null;
        lock (_lock)
        {
            pending.Queue?.Remove(pending);
            foreach (var batch in _running)
            {
                if (batch.IsAbandoned) (abandoned ??= []).Add(batch.Abandonment!);
            }
        }

        abandoned?.ForEach(static run => run.Cancel());
    }

    /// <summary>Adds a part's answer; the parts once all rows have one, before that null.</summary>
    internal IReadOnlyList<AnsweredPart>? AddPart(PendingInference pending, in BatchSlice slice, Tensor[] answer, StageDurations durations)
    {
        lock (_lock) return pending.AddPart(slice, answer, durations);
    }

    /// <summary>From now on requests run as they come: the model does not keep their rows apart.</summary>
    internal void StopJoining()
    {
        lock (_lock)
        {
            if (!_joins) return;
            _joins = false;
        }

        _meter.OnJoiningStopped();
    }

    /// <summary>A request of a batch that failed, to be run alone; null where it has ended, or already runs as a whole.</summary>
    internal RunningBatch? BeginAlone(PendingInference pending, in BatchSlice slice)
    {
        lock (_lock)
        {
            if (pending.HasEnded) return null;
            var isWhole = slice.IsWhole || !_joins;
            if (isWhole && !slice.IsWhole && !pending.TryRunWhole()) return null;
            var alone = NewBatchNeedsLock();
            if (isWhole)
            {
                pending.Queue?.Remove(pending);
                alone.AddWhole(pending);
            }
            else
            {
                alone.AddSlice(pending, slice);
            }

            BeginNeedsLock(alone);
            return alone;
        }
    }

    /// <summary>The batch has been run and its callers told.</summary>
    internal void Finish(RunningBatch batch, bool isComputed)
    {
        Demand demand;
        bool isDrained;
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            if (isComputed) _rate.OnRun(batch.Rows, batch.Work.Durations.Total);
            if (isComputed) _turns.OnRun(batch.Priority, batch.Work.Durations.Total, now);
            _running.Remove(batch);
            batch.Clear();
            _free.Push(batch);
            demand = DemandNeedsLock(now);
            isDrained = _isClosed && _running.Count == 0;
        }

        Meet(demand);
        if (isDrained) _drained.TrySetResult();
    }

    // Null when it was taken, else why not.
    private InferenceException? TryEnqueue(PendingInference pending)
    {
        var demand = default(Demand);
        int waiting;
        bool isFull;
        lock (_lock)
        {
            if (_isClosed) return _errors.NotReady();
            waiting = _interactive.Rows + _bulk.Rows;
            isFull = waiting + pending.WaitingRows > _options.MaxQueueLength;
            if (!isFull) demand = AddNeedsLock(pending);
        }

        if (isFull) return Refuse(pending, waiting);
        Meet(demand);
        return null;
    }

    private InferenceException Refuse(PendingInference pending, int waiting)
    {
        _meter.OnRejected("queue_full");
        return _errors.QueueFull(waiting, pending.WaitingRows, _rate.TimeFor(waiting, _maxRuns));
    }

    private Demand AddNeedsLock(PendingInference pending)
    {
        _turns.OnArrival(pending.Priority, pending.EnqueuedAt);
        (pending.Priority is InferencePriority.Bulk ? _bulk : _interactive).Add(pending);
        return DemandNeedsLock(pending.EnqueuedAt);
    }

    // What the waiting rows need beyond the runs that are asked for and have not begun: one more run, or a look after a while.
    private Demand DemandNeedsLock(long now)
    {
        var bulk = MayRunBulkNeedsLock(now) ? _bulk : null;
        var (rows, count) = (_interactive.Rows + (bulk?.Rows ?? 0), _interactive.Count + (bulk?.Count ?? 0));
        var runs = Math.Min(_joins ? (rows + _options.MaxBatchSize - 1) / _options.MaxBatchSize : count, _maxRuns);
        if (_isClosed || _runsAsked >= runs) return default;
        if (rows < _options.MaxBatchSize && DelayLeftNeedsLock(now) is { } left) return new Demand(false, left);
        _runsAsked++;
        return new Demand(true, null);
    }

    private bool MayRunBulkNeedsLock(long now)
    {
        if (_bulk.Count == 0) return false;
        var running = 0;
        foreach (var batch in _running) running += batch.Priority is InferencePriority.Bulk ? 1 : 0;
        return running < _turns.BulkThreads(now);
    }

    // How long the oldest may still wait for others; null when none waits, or not for others.
    private TimeSpan? DelayLeftNeedsLock(long now)
    {
        if (_delay is null || !_joins || _isClosed) return null;
        var oldest = Math.Min(_interactive.First?.EnqueuedAt ?? long.MaxValue, _bulk.First?.EnqueuedAt ?? long.MaxValue);
        if (oldest == long.MaxValue) return null;
        var left = _options.MaxQueueDelay - _time.GetElapsedTime(oldest, now);
        return left > TimeSpan.Zero ? left : null;
    }

    private void Meet(Demand demand)
    {
        // Whole milliseconds: a timer cuts fractions off and would come too early. It is never set back to nothing, so a stale
        // setting can only be early, and then looks again.
        if (demand.Delay is { } delay) _delay!.Change(TimeSpan.FromMilliseconds(Math.Ceiling(delay.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
        if (!demand.Run) return;
        try
        {
            new Task(static self => ((DynamicBatcher)self!).RunNext(), this, TaskCreationOptions.DenyChildAttach).Start(_scheduler);
        }
        catch (TaskSchedulerException)
        {
            // The threads are ending: whoever waits here would wait for good.
            Close();
        }
    }

    private void OnDelayOver()
    {
        Demand demand;
        lock (_lock) demand = DemandNeedsLock(_time.GetTimestamp());
        Meet(demand);
    }

    private void RunNext()
    {
        RunningBatch? batch;
        Demand demand;
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            _runsAsked--;
            batch = TakeNeedsLock(now);

            // Where nothing was ripe another run would find the same: only time can change it.
            demand = batch is not null ? DemandNeedsLock(now) : DelayLeftNeedsLock(now) is { } left ? new Demand(false, left) : default;
        }

        Meet(demand);
        if (batch is not null) _runner.Run(batch);
    }

    private RunningBatch? TakeNeedsLock(long now)
    {
        if (_isClosed) return null;
        var batch = NewBatchNeedsLock();
        var bulk = MayRunBulkNeedsLock(now);
        var isTaken = (bulk && _turns.IsBulkDue && TryTakeNeedsLock(batch, _bulk, _turns.BulkRows(now), now))
            || TryTakeNeedsLock(batch, _interactive, _options.MaxBatchSize, now)
            || (bulk && TryTakeNeedsLock(batch, _bulk, _turns.BulkRows(now), now));
        if (!isTaken)
        {
            _free.Push(batch);
            return null;
        }

        _turns.OnTaken(batch.Priority, _bulk.Count > 0);
        BeginNeedsLock(batch);
        return batch;
    }

    private bool TryTakeNeedsLock(RunningBatch batch, PendingQueue queue, int limit, long now)
    {
        while (queue.First is { HasEnded: true } gone) queue.Remove(gone);
        if (queue.First is not { } oldest) return false;
        if (!_joins) oldest.TryRunWhole();
        if (!_joins) batch.AddWhole(oldest);
        else if (!queue.Gather(batch, limit) && _time.GetElapsedTime(oldest.EnqueuedAt, now) < _options.MaxQueueDelay) batch.Clear();
        queue.Take(batch);
        foreach (var caller in batch.Callers) caller.Queued ??= _time.GetElapsedTime(caller.EnqueuedAt, now);
        return batch.Callers.Count > 0;
    }

    private RunningBatch NewBatchNeedsLock() => _free.TryPop(out var used) ? used : new RunningBatch(_time);

    private void BeginNeedsLock(RunningBatch batch)
    {
        batch.Begin(new CancellationTokenSource());
        _running.Add(batch);
    }

    /// <summary>What the queue needs: a run, or a look at it after a while.</summary>
    private readonly record struct Demand(bool Run, TimeSpan? Delay);
}
