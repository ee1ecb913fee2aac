using System.Collections.Concurrent;
using BitFaster.Caching.Lru;

namespace OrleansInference.Grains.Features.External;

/// <summary>A service's latest answers, for all users of the silo; what many ask at the same time is asked once.</summary>
/// <remarks>
/// Promises: bounded; one call in flight per key; a caller's leaving does not stop it for the others; failures and half answers
/// are not kept. Calls run off the grain that asked first: each await in them leaves its scheduler.
/// </remarks>
internal sealed class SharedAnswers(int mostKept, Func<string, Task<FeatureRow>> call)
{
    // The least that the library's queues can hold. A smaller cache keeps a little more than it was asked to.
    private const int LeastCapacity = 3;

    private readonly ConcurrentLru<string, FeatureRow>? _kept = mostKept > 0 ? new(Math.Max(LeastCapacity, mostKept)) : null;
    private readonly ConcurrentDictionary<string, TaskCompletionSource<FeatureRow>> _calls = new();

    /// <summary>The latest answer, however old.</summary>
    public FeatureRow? Find(string key) => _kept is not null && _kept.TryGet(key, out var row) ? row : null;

    /// <summary>A newer answer than <paramref name="seen"/>, from the call in flight or from one that starts now.</summary>
    public Task<FeatureRow> AskAsync(string key, FeatureRow? seen)
    {
        var own = new TaskCompletionSource<FeatureRow>(TaskCreationOptions.RunContinuationsAsynchronously);
        var flight = _calls.GetOrAdd(key, own);
        if (flight == own) _ = RunAsync(key, seen, own);
        return flight.Task;
    }

    // The answer is kept before the call leaves the list, so that whoever misses both finds it at the second look.
    private async Task RunAsync(string key, FeatureRow? seen, TaskCompletionSource<FeatureRow> flight)
    {
        try
        {
            var row = FindNewer(key, seen) ?? await CallAsync(key).ConfigureAwait(false);
            _calls.TryRemove(key, out _);
            flight.SetResult(row);
        }
        catch (Exception e)
        {
            _calls.TryRemove(key, out _);
            flight.SetException(e);

            // Of a refresh in the background, nobody looks at it.
            _ = flight.Task.Exception;
        }
    }

    // Another call may have ended between the caller's look and its place in the list.
    private FeatureRow? FindNewer(string key, FeatureRow? seen) => Find(key) is { } row && !ReferenceEquals(row, seen) ? row : null;

    private async Task<FeatureRow> CallAsync(string key)
    {
        var row = await call(key).ConfigureAwait(false);
        if (!row.Degraded) _kept?.AddOrUpdate(key, row);
        return row;
    }
}
