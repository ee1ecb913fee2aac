namespace OrleansInference.Grains.Models.Batching;

/// <summary>The requests that wait, interactive ones and bulk, and what of them a run takes next. Guarded by the batcher's lock.</summary>
internal sealed class PriorityQueues(BatchingOptions options, TimeProvider time, int threads)
{
    private readonly PendingQueue _interactive = new();
    private readonly PendingQueue _bulk = new();

    public PriorityTurns Turns { get; } = new(time, options.MaxBatchSize, threads);

    public int Rows => _interactive.Rows + _bulk.Rows;

    public IEnumerable<PendingInference> All() => _interactive.All().Concat(_bulk.All());

    public void Add(PendingInference pending)
    {
        Turns.OnArrival(pending.Priority, pending.EnqueuedAt);
        (pending.Priority is InferencePriority.Bulk ? _bulk : _interactive).Add(pending);
    }

    /// <summary>How many runs would empty the queues, as far as they may begin now.</summary>
    public int RunsNeeded(bool joins, int bulkRuns, long now)
    {
        var bulk = BulkThatMayRun(bulkRuns, now);
        if (!joins) return _interactive.Count + (bulk?.Count ?? 0);
        return (_interactive.Rows + (bulk?.Rows ?? 0) + options.MaxBatchSize - 1) / options.MaxBatchSize;
    }

    /// <summary>How long to wait for others before a run is asked for; null when there are enough, or the oldest has waited long enough.</summary>
    public TimeSpan? TimeToGather(bool joins, int bulkRuns, long now)
    {
        var rows = _interactive.Rows + (BulkThatMayRun(bulkRuns, now)?.Rows ?? 0);
        return rows < options.MaxBatchSize ? DelayLeft(joins, bulkRuns, now) : null;
    }

    /// <summary>How long the oldest that may run now may still wait for others; null when none waits, or not for others.</summary>
    public TimeSpan? DelayLeft(bool joins, int bulkRuns, long now)
    {
        if (!joins || options.MaxQueueDelay <= TimeSpan.Zero) return null;

        // Bulk that may not run waits for the end of a run: its age tells nothing of when somebody else's delay is over.
        var oldest = Math.Min(_interactive.First?.EnqueuedAt ?? long.MaxValue, BulkThatMayRun(bulkRuns, now)?.First?.EnqueuedAt ?? long.MaxValue);
        if (oldest == long.MaxValue) return null;
        var left = options.MaxQueueDelay - time.GetElapsedTime(oldest, now);
        return left > TimeSpan.Zero ? left : null;
    }

    /// <summary>Fills the batch with what is to run now; false when nothing is ripe.</summary>
    public bool TryTake(RunningBatch batch, bool joins, int bulkRuns, long now)
    {
        var bulk = MayRunBulk(bulkRuns, now);
        var isTaken = (bulk && Turns.IsBulkDue && TryTake(batch, _bulk, joins, now))
            || TryTake(batch, _interactive, joins, now)
            || (bulk && TryTake(batch, _bulk, joins, now));
        if (isTaken) Turns.OnTaken(batch.Priority, bulkWaits: _bulk.Count > 0);
        return isTaken;
    }

    private PendingQueue? BulkThatMayRun(int bulkRuns, long now) => MayRunBulk(bulkRuns, now) ? _bulk : null;

    private bool MayRunBulk(int bulkRuns, long now) => _bulk.Count > 0 && bulkRuns < Turns.BulkThreads(now);

    private bool TryTake(RunningBatch batch, PendingQueue queue, bool joins, long now)
    {
        // Who has just left is on the way out, and who has no time left is told so by its timer.
        while (queue.First is { } first && first.IsOver(now)) queue.Remove(first);
        if (queue.First is not { } oldest) return false;

        var limit = queue == _bulk ? Turns.BulkRows(now) : options.MaxBatchSize;
        var isClosed = joins ? queue.Gather(batch, limit, now) : batch.AddWhole(oldest);
        if (!isClosed && time.GetElapsedTime(oldest.EnqueuedAt, now) < options.MaxQueueDelay)
        {
            batch.Clear();
            return false;
        }

        queue.Take(batch);
        foreach (var caller in batch.Callers) caller.Queued ??= time.GetElapsedTime(caller.EnqueuedAt, now);
        return true;
    }
}
