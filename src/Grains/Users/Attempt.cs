namespace OrleansInference.Grains.Users;

/// <summary>A prediction under way, and everyone who waits for it.</summary>
/// <remarks>
/// Runs on the user grain's turns only. A caller who leaves leaves the others their answer; when all have left, the work ends.
/// Nearly all have one caller, whose wait is the work itself: it costs no task besides, and ends when the work does.
/// </remarks>
internal sealed class Attempt(PredictionRequest request, TimeProvider time) : IDisposable
{
    // One source for both ends that the work can have.
    private readonly CancellationTokenSource _end = new(Timeout.InfiniteTimeSpan, time);
    private CancellationTokenRegistration _leaving;
    private TaskScheduler? _turns;
    private int _waiting;

    public PredictionRequest Request => request;

    /// <summary>The one that began before it and is under way, too.</summary>
    public Attempt? Earlier { get; set; }

    /// <summary>Whether nobody waits any more.</summary>
    public bool IsAbandoned { get; private set; }

    /// <summary>Cancelled when nobody waits any more, or when the time is up.</summary>
    public CancellationToken End => _end.Token;

    /// <summary>The work, once it has begun.</summary>
    public Task<Prediction> Run { get; set; } = null!;

    /// <summary>Limits the work's time, which counts from then.</summary>
    public TimeBudget Limit(TimeSpan total, long startedAt) => new(total, time, _end, startedAt);

    /// <summary>The answer to the one whose request began the work.</summary>
    public Task<Prediction> WaitFirstAsync(CancellationToken cancellationToken)
    {
        if (Run.IsCompleted) return Run;
        _waiting++;
        _turns = TaskScheduler.Current;
        _leaving = cancellationToken.UnsafeRegister(static attempt => ((Attempt)attempt!).LeaveOnTurn(), this);
        return Run;
    }

    /// <summary>The answer to one whose request repeats the first, or the caller's own end before it.</summary>
    public async Task<Prediction> JoinAsync(CancellationToken cancellationToken)
    {
        _waiting++;
        try
        {
            return await Run.WaitAsync(cancellationToken);
        }
        finally
        {
            Leave();
        }
    }

    public void Dispose()
    {
        _leaving.Unregister();
        _end.Dispose();
    }

    // Whoever cancels may be on any thread.
    private void LeaveOnTurn() =>
        Task.Factory.StartNew(static attempt => ((Attempt)attempt!).Leave(), this, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _turns!);

    private void Leave()
    {
        if (--_waiting > 0 || Run.IsCompleted) return;
        IsAbandoned = true;

        // Not in this turn: whatever follows from it may be long.
        _ = _end.CancelAsync();
    }
}
