namespace OrleansInference.Grains.Features.Views;

/// <summary>Joins the users that are asked for at about the same time into one query.</summary>
/// <remarks>
/// Promises: a user who comes alone is asked for at once; within the gather delay after a query has left, further users gather, and
/// leave when it is over or the group is full; so a burst costs two queries however quick the database is; each user has exactly one answer.
/// Threads: any thread loads; queries run on the pool. _lock guards the fields below it and is held for list work only.
/// </remarks>
internal sealed class GroupedLoader
{
    private readonly Func<IReadOnlyList<string>, Task<IReadOnlyDictionary<string, StoredRow>>> _query;
    private readonly TimeSpan _gatherDelay;
    private readonly int _maxKeys;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private List<PendingKey> _gathering = [];
    private long? _lastLeft;

    public GroupedLoader(
        Func<IReadOnlyList<string>, Task<IReadOnlyDictionary<string, StoredRow>>> query, TimeSpan gatherDelay, int maxKeys, TimeProvider time)
    {
        _query = query;
        _gatherDelay = gatherDelay;
        _maxKeys = maxKeys;
        _time = time;
        _timer = time.CreateTimer(_ => SendGathered(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>One user's row; null where there is none.</summary>
    /// <exception cref="FeatureDatabaseException">The query failed.</exception>
    public Task<StoredRow?> LoadAsync(string userId)
    {
        var pending = new PendingKey(userId);
        List<PendingKey>? group = null;
        lock (_lock)
        {
            _gathering.Add(pending);
            var toGather = _lastLeft is { } left ? _gatherDelay - _time.GetElapsedTime(left) : TimeSpan.Zero;
            if (toGather <= TimeSpan.Zero || _gathering.Count >= _maxKeys) group = TakeNeedsLock();
            else if (_gathering.Count == 1) _timer.Change(toGather, Timeout.InfiniteTimeSpan);
        }

        Send(group);
        return pending.Answer.Task;
    }

    // Also from a timer that was set for a group which has left meanwhile: the present one then leaves early, which harms nobody.
    private void SendGathered()
    {
        List<PendingKey>? group;
        lock (_lock) group = _gathering.Count > 0 ? TakeNeedsLock() : null;
        Send(group);
    }

    private List<PendingKey> TakeNeedsLock()
    {
        var group = _gathering;
        _gathering = [];
        _lastLeft = _time.GetTimestamp();
        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        return group;
    }

    // Not on the turns of the grain that happened to come first: the group is not its own.
    private void Send(List<PendingKey>? group)
    {
        if (group is not null) _ = Task.Run(() => RunAsync(group));
    }

    private async Task RunAsync(List<PendingKey> group)
    {
        try
        {
            var rows = await _query([.. group.Select(pending => pending.UserId).Distinct()]);
            foreach (var pending in group) pending.Answer.TrySetResult(rows.GetValueOrDefault(pending.UserId));
        }
        catch (Exception e)
        {
            // Whatever went wrong, everyone's wait ends.
            foreach (var pending in group) pending.Answer.TrySetException(e);
        }
    }

    private sealed record PendingKey(string UserId)
    {
        public TaskCompletionSource<StoredRow?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
