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
    // A scheduler may have no limit, as the pool's has not.
    private const int MaxRuns = 1024;

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
    private readonly PriorityQueues _waiting;
    private readonly ServiceRate _rate = new();
    private readonly List<RunningBatch> _running = [];
    private readonly Stack<RunningBatch> _free = new();
    private int _bulkRuns;
    private int _runsAsked;
    private bool _joins;
    private bool _isClosed;

    public DynamicBatcher(int version, IModelSession session, TaskScheduler scheduler, BatchingOptions options, BatchingErrors errors, VersionMeter meter, TimeProvider time)
    {
        (_scheduler, _options, _errors, _time, _meter) = (scheduler, options, errors, time, meter);
        _runner = new BatchRunner(this, version, session, meter, time);
        _joins = options.MaxBatchSize > 1 && session.Metadata.IsBatchable;
        _maxRuns = Math.Min(scheduler.MaximumConcurrencyLevel, MaxRuns);
        _waiting = new PriorityQueues(options, time, _maxRuns);
        if (options.MaxQueueDelay > TimeSpan.Zero) _delay = time.CreateTimer(static self => ((DynamicBatcher)self!).OnDelayOver(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (scheduler is InferenceTaskScheduler { Threads.Stopping: var stopping }) _stopping = stopping.UnsafeRegister(static self => ((DynamicBatcher)self!).Close(), this);
    }

    /// <summary>Rows that wait for a run.</summary>
    public int WaitingRows
    {
        get
        {
            lock (_lock) return _waiting.Rows;
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
    /// <remarks>After <paramref name="timeout"/> no run takes it any more; that it is answered then is the token's.</remarks>
    /// <exception cref="InferenceException">QueueFull, NotReady or ModelFailed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task<InferenceResponse> InferAsync(
        IReadOnlyList<Tensor> inputs, IReadOnlyList<int> outputs, int rows, InferencePriority priority, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return Task.FromCanceled<InferenceResponse>(cancellationToken);
        var now = _time.GetTimestamp();
        var pending = new PendingInference(this, inputs, outputs, rows, priority, now, DeadlineOf(timeout, now));
        pending.LeaveWith(cancellationToken);
        if (TryEnqueue(pending) is { } refusal && pending.TryEnd()) pending.SetException(refusal);
        return pending.Task;
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
        List<PendingInference> waiting;
        bool isDrained;
        lock (_lock)
        {
            _isClosed = true;
            isDrained = _running.Count == 0;
            waiting = [.. _waiting.All()];
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
                if (batch.IsAbandoned) (abandoned ??= []).Add(batch.GiveUp());
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
            // A part that cannot be told from the others: the first to find out runs the whole, the other parts are given up.
            var isGivenUp = !slice.IsWhole && !_joins;
            if (pending.HasEnded || (isGivenUp && !pending.TryRunWhole())) return null;
            if (isGivenUp) pending.Queue?.Remove(pending);
            var alone = NewBatchNeedsLock();
            alone.AddSlice(pending, isGivenUp ? pending.Whole : slice);
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
            if (isComputed) _waiting.Turns.OnRun(batch.Priority, batch.Rows, batch.Work.Durations.Total, now);
            if (batch.Priority is InferencePriority.Bulk) _bulkRuns--;
            _running.Remove(batch);
            batch.Clear();
            _free.Push(batch);
            demand = DemandNeedsLock(now);
            isDrained = _isClosed && _running.Count == 0;
        }

        Meet(demand);
        if (isDrained) _drained.TrySetResult();
    }

    private long DeadlineOf(TimeSpan? timeout, long now) =>
        timeout is { } left ? now + (long)(left.TotalSeconds * _time.TimestampFrequency) : long.MaxValue;

    // Null when it was taken, else why not.
    private InferenceException? TryEnqueue(PendingInference pending)
    {
        var demand = default(Demand);
        int waiting;
        bool isFull;
        lock (_lock)
        {
            if (_isClosed) return _errors.NotReady();

            // Its caller has left in between, and found nothing here to take out.
            if (pending.HasEnded) return null;
            waiting = _waiting.Rows;
            isFull = waiting + pending.WaitingRows > _options.MaxQueueLength;
            if (!isFull) _waiting.Add(pending);
            if (!isFull) demand = DemandNeedsLock(pending.EnqueuedAt);
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
            demand = batch is not null ? DemandNeedsLock(now) : new Demand(false, _waiting.DelayLeft(_joins, _bulkRuns, now));
        }

        Meet(demand);
        if (batch is not null) _runner.Run(batch);
    }

    private RunningBatch? TakeNeedsLock(long now)
    {
        if (_isClosed) return null;
        var batch = NewBatchNeedsLock();
        if (_waiting.TryTake(batch, _joins, _bulkRuns, now))
        {
            BeginNeedsLock(batch);
            return batch;
        }

        _free.Push(batch);
        return null;
    }

    private RunningBatch NewBatchNeedsLock() => _free.TryPop(out var used) ? used : new RunningBatch(_time);

    private void BeginNeedsLock(RunningBatch batch)
    {
        _running.Add(batch);
        if (batch.Priority is InferencePriority.Bulk) _bulkRuns++;
    }

    // What the waiting rows need beyond the runs that are asked for and have not begun: one more run, or a look after a while.
    private Demand DemandNeedsLock(long now)
    {
        if (_isClosed || _runsAsked >= Math.Min(_waiting.RunsNeeded(_joins, _bulkRuns, now), _maxRuns)) return default;
        if (_waiting.TimeToGather(_joins, _bulkRuns, now) is { } left) return new Demand(false, left);
        _runsAsked++;
        return new Demand(true, null);
    }

    /// <summary>What the queues need: a run, or a look at them after a while.</summary>
    private readonly record struct Demand(bool Run, TimeSpan? Delay);
}
