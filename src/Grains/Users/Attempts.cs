namespace OrleansInference.Grains.Users;

/// <summary>The user's predictions under way, by id and by idempotency key, so that a repeat joins instead of doing the work again.</summary>
/// <remarks>Runs on the user grain's turns only.</remarks>
internal sealed class Attempts
{
    // Few at a time, chained by themselves: a user without any weighs nothing for it.
    private Attempt? _latest;
    private TaskCompletionSource? _drained;
    private int _running;

    /// <summary>The attempt that the request repeats; null for a new one, and for another body under the same id or key.</summary>
    public Attempt? Find(PredictionRequest request)
    {
        for (var attempt = _latest; attempt is not null; attempt = attempt.Earlier)
        {
            if (IsNamedAlike(attempt.Request, request) && !attempt.IsAbandoned && IsSame(attempt.Request, request)) return attempt;
        }

        return null;
    }

    /// <summary>A new attempt, which repeats find until its work, begun at once, ends it with <see cref="End"/>.</summary>
    public Attempt Begin(PredictionRequest request, TimeProvider time)
    {
        var attempt = new Attempt(request, time) { Earlier = _latest };
        _latest = attempt;
        _running++;
        return attempt;
    }

    /// <summary>The work is over: nobody joins it any more.</summary>
    public void End(Attempt attempt)
    {
        Remove(attempt);
        attempt.Dispose();
        EndOne();
    }

    /// <summary>Counts work among what is under way that outlives its attempt, whatever becomes of it.</summary>
    public async Task AddAsync(Task work)
    {
        _running++;
        await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        EndOne();
    }

    /// <summary>Does other work that counts among what is under way.</summary>
    public async Task<T> CountAsync<T>(Func<Task<T>> work)
    {
        _running++;
        try
        {
            return await work();
        }
        finally
        {
            EndOne();
        }
    }

    /// <summary>Completes when nothing is under way.</summary>
    public Task DrainAsync() => _running == 0 ? Task.CompletedTask : (_drained ??= new TaskCompletionSource()).Task;

    private static bool IsNamedAlike(PredictionRequest first, PredictionRequest second) =>
        first.PredictionId == second.PredictionId || (first.IdempotencyKey is not null && first.IdempotencyKey == second.IdempotencyKey);

    private static bool IsSame(PredictionRequest first, PredictionRequest second) =>
        first.Model == second.Model && first.IdempotencyKey == second.IdempotencyKey && first.Unrecorded == second.Unrecorded && first.Details == second.Details
        && first.Fields.SequenceEqual(second.Fields) && first.Overrides.SequenceEqual(second.Overrides);

    private void Remove(Attempt ended)
    {
        if (_latest == ended) _latest = ended.Earlier;
        for (var attempt = _latest; attempt is not null; attempt = attempt.Earlier)
        {
            if (attempt.Earlier == ended) attempt.Earlier = ended.Earlier;
        }
    }

    private void EndOne()
    {
        if (--_running > 0) return;
        _drained?.TrySetResult();
        _drained = null;
    }
}
