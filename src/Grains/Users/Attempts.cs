namespace OrleansInference.Grains.Users;

/// <summary>The user's predictions under way, by id and by idempotency key, so that a repeat joins instead of doing the work again.</summary>
/// <remarks>Runs on the user grain's turns only.</remarks>
internal sealed class Attempts
{
    private readonly Dictionary<Guid, Attempt> _byId = [];
    private readonly Dictionary<(string? Model, string Key), Attempt> _byKey = [];
    private TaskCompletionSource? _drained;
    private int _running;

    /// <summary>The attempt that the request repeats; null for a new one, and for another body under the same id or key.</summary>
    public Attempt? Find(PredictionRequest request)
    {
        if (!_byId.TryGetValue(request.PredictionId, out var attempt) && request.IdempotencyKey is { } key) _byKey.TryGetValue((request.Model, key), out attempt);
        return attempt is not null && !attempt.Abandoned.IsCancellationRequested && IsSame(attempt.Request, request) ? attempt : null;
    }

    /// <summary>Begins the work of a new attempt and lets repeats find it meanwhile.</summary>
    public Attempt Begin(PredictionRequest request, Func<Attempt, Task<Prediction>> predict)
    {
        var attempt = new Attempt(request);
        _byId[request.PredictionId] = attempt;
        if (request.IdempotencyKey is { } key) _byKey[(request.Model, key)] = attempt;
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
        var request = attempt.Request;
        if (_byId.GetValueOrDefault(request.PredictionId) == attempt) _byId.Remove(request.PredictionId);
        if (request.IdempotencyKey is { } key && _byKey.GetValueOrDefault((request.Model, key)) == attempt) _byKey.Remove((request.Model, key));
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
