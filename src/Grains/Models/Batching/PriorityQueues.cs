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
        var bulk = MayRunBulk(bulkRuns, now) ? _bulk : null;
        var (rows, count) = (_interactive.Rows + (bulk?.Rows ?? 0), _interactive.Count + (bulk?.Count ?? 0));
        return joins ? (rows + options.MaxBatchSize - 1) / options.MaxBatchSize : count;
    }

    /// <summary>How long to wait for others before a run is asked for; null when there are enough, or the oldest has waited long enough.</summary>
    public TimeSpan? TimeToGather(bool joins, long now) => Rows < options.MaxBatchSize ? DelayLeft(joins, now) : null;

    /// <summary>How long the oldest may still wait for others; null when none waits, or not for others.</summary>
    public TimeSpan? DelayLeft(bool joins, long now)
    {
        if (!joins || options.MaxQueueDelay <= TimeSpan.Zero || Rows == 0) return null;
        var oldest = Math.Min(_interactive.First?.EnqueuedAt ?? long.MaxValue, _bulk.First?.EnqueuedAt ?? long.MaxValue);
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
