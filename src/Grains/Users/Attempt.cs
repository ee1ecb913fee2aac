namespace OrleansInference.Grains.Users;

/// <summary>A prediction under way, and everyone who waits for it.</summary>
/// <remarks>Runs on the user grain's turns only. A caller who leaves leaves the others their answer; when all have left, the work ends.</remarks>
internal sealed class Attempt(PredictionRequest request, TimeProvider time) : IDisposable
{
    // One source for both ends that the work can have.
    private readonly CancellationTokenSource _end = new(Timeout.InfiniteTimeSpan, time);
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

    /// <summary>The answer, or the caller's own end before it.</summary>
    public async Task<Prediction> WaitAsync(CancellationToken cancellationToken)
    {
        _waiting++;
        try
        {
            return await Run.WaitAsync(cancellationToken);
        }
        finally
        {
            if (--_waiting == 0 && !Run.IsCompleted) await AbandonAsync();
        }
    }

    public void Dispose() => _end.Dispose();

    private Task AbandonAsync()
    {
        IsAbandoned = true;
        return _end.CancelAsync();
    }
}
