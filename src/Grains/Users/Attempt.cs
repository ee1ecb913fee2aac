namespace OrleansInference.Grains.Users;

/// <summary>A prediction under way, and everyone who waits for it.</summary>
/// <remarks>Runs on the user grain's turns only. A caller who leaves leaves the others their answer; when all have left, the work ends.</remarks>
internal sealed class Attempt(PredictionRequest request) : IDisposable
{
    private readonly CancellationTokenSource _abandoned = new();
    private int _waiting;

    public PredictionRequest Request => request;

    /// <summary>The one that began before it and is under way, too.</summary>
    public Attempt? Earlier { get; set; }

    /// <summary>Cancelled when nobody waits any more.</summary>
    public CancellationToken Abandoned => _abandoned.Token;

    /// <summary>The work, once it has begun.</summary>
    public Task<Prediction> Run { get; set; } = null!;

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
            if (--_waiting == 0 && !Run.IsCompleted) await _abandoned.CancelAsync();
        }
    }

    public void Dispose() => _abandoned.Dispose();
}
