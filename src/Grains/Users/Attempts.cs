namespace OrleansInference.Grains.Users;

/// <summary>The user's predictions under way, by id and by idempotency key, so that a repeat joins instead of doing the work again.</summary>
/// <remarks>Runs on the user grain's turns only.</remarks>
internal sealed class Attempts
{
    // Few at a time; and a user without any has only the list.
    private readonly List<Attempt> _underWay = [];
    private TaskCompletionSource? _drained;
    private int _running;

    /// <summary>The attempt that the request repeats; null for a new one, and for another body under the same id or key.</summary>
    public Attempt? Find(PredictionRequest request)
    {
        foreach (var attempt in _underWay)
        {
            if (IsNamedAlike(attempt.Request, request) && !attempt.Abandoned.IsCancellationRequested && IsSame(attempt.Request, request)) return attempt;
        }

        return null;
    }

    /// <summary>Begins the work of a new attempt and lets repeats find it meanwhile.</summary>
    public Attempt Begin(PredictionRequest request, Func<Attempt, Task<Prediction>> predict)
    {
        var attempt = new Attempt(request);
        _underWay.Add(attempt);
        _running++;
        attempt.Run = RunAsync(attempt, predict);
        return attempt;
    }

    /// <summary>Counts work among what is under way that outlives its attempt; it does not fail.</summary>
    public async Task AddAsync(Task work)
    {
        _running++;
        await work;
        EndOne();
    }

    /// <summary>Completes when none is under way.</summary>
    public Task DrainAsync() => _running == 0 ? Task.CompletedTask : (_drained ??= new TaskCompletionSource()).Task;

    private static bool IsNamedAlike(PredictionRequest first, PredictionRequest second) =>
        first.PredictionId == second.PredictionId || (first.IdempotencyKey is not null && first.IdempotencyKey == second.IdempotencyKey);

    private static bool IsSame(PredictionRequest first, PredictionRequest second) =>
        first.Model == second.Model && first.IdempotencyKey == second.IdempotencyKey && first.Unrecorded == second.Unrecorded && first.Details == second.Details
        && first.Fields.SequenceEqual(second.Fields) && first.Overrides.SequenceEqual(second.Overrides);

    private async Task<Prediction> RunAsync(Attempt attempt, Func<Attempt, Task<Prediction>> predict)
    {
        try
        {
            return await predict(attempt);
        }
        finally
        {
            End(attempt);
        }
    }

    private void End(Attempt attempt)
    {
        _underWay.Remove(attempt);
        attempt.Dispose();
        EndOne();
    }

    private void EndOne()
    {
        if (--_running > 0) return;
        _drained?.TrySetResult();
        _drained = null;
    }
}
