namespace OrleansInference.Grains.Models.Batching;

/// <summary>Whose turn it is, and how much bulk work may do at once. Guarded by the batcher's lock.</summary>
/// <remarks>
/// Interactive requests go first; bulk gets a turn after eight of theirs in a row, so that it never starves. While interactive
/// requests are being seen, a bulk run is kept about as short as one of theirs, by fewer rows, and one thread is left to them:
/// who comes behind a bulk run then waits no longer than behind one of its own kind. Where fewer rows hardly shorten a run, they
/// are not made fewer: a row of bulk costs at most some four times the least that one has cost.
/// </remarks>
internal sealed class PriorityTurns(TimeProvider time, int maxRows, int threads)
{
    private const int MaxInteractiveInARow = 8;
    private const double MostCostOfShortRuns = 4;

    // Who has asked within the last second is taken to ask again.
    private static readonly TimeSpan Attention = TimeSpan.FromSeconds(1);

    private long? _interactiveSeenAt;
    private int _interactiveInARow;
    private int? _bulkRows;
    private long _meanInteractiveTicks;
    private double _leastBulkTicksPerRow = double.PositiveInfinity;

    /// <summary>Whether bulk goes before the interactive requests that wait.</summary>
    public bool IsBulkDue => _interactiveInARow >= MaxInteractiveInARow;

    /// <summary>Most rows of a run of bulk requests.</summary>
    public int BulkRows(long now) => SeesInteractive(now) ? _bulkRows ?? maxRows : maxRows;

    /// <summary>Most runs of bulk requests at the same time.</summary>
    public int BulkThreads(long now) => SeesInteractive(now) ? Math.Max(1, threads - 1) : threads;

    public void OnArrival(InferencePriority priority, long now)
    {
        if (priority is InferencePriority.Interactive) _interactiveSeenAt = now;
    }

    public void OnTaken(InferencePriority priority, bool bulkWaits) =>
        _interactiveInARow = priority is InferencePriority.Interactive && bulkWaits ? _interactiveInARow + 1 : 0;

    public void OnRun(InferencePriority priority, int rows, TimeSpan duration, long now)
    {
        if (priority is InferencePriority.Interactive) _meanInteractiveTicks = _meanInteractiveTicks == 0 ? duration.Ticks : (_meanInteractiveTicks * 7 + duration.Ticks) / 8;
        else if (rows > 0) OnBulkRun(duration.Ticks, (double)duration.Ticks / rows, now);
    }

    // Down by halves, up by one: the length is right within a few runs, and stays near it.
    private void OnBulkRun(long ticks, double ticksPerRow, long now)
    {
        _leastBulkTicksPerRow = Math.Min(_leastBulkTicksPerRow, ticksPerRow);
        if (_meanInteractiveTicks == 0 || !SeesInteractive(now)) return;
        var rows = _bulkRows ?? maxRows;
        if (ticks > _meanInteractiveTicks && ticksPerRow < _leastBulkTicksPerRow * MostCostOfShortRuns) _bulkRows = Math.Max(1, rows / 2);
        else if (ticks < _meanInteractiveTicks / 2) _bulkRows = Math.Min(maxRows, rows + 1);
    }

    private bool SeesInteractive(long now) => _interactiveSeenAt is { } seenAt && time.GetElapsedTime(seenAt, now) < Attention;
}
