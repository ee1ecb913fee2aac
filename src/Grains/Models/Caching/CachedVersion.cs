using System.Collections.Concurrent;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Grains.Models.Caching;

/// <summary>A version that remembers its answers, and computes once what several callers ask at the same time.</summary>
/// <remarks>
/// Promises: failures are not remembered; a caller's cancellation or deadline is its own; what is asked while it is computed is
/// not computed again. A run that is shared has no deadline: each caller has its own, and the run ends with the last.
/// </remarks>
internal sealed class CachedVersion(string model, IServedVersion inner, TimeProvider time, InferenceInstruments instruments) : DelegatingVersion(inner)
{
    private static long _lastInstance;

    private volatile PredictionCache? _cache;

    // Not the version's number: a file that came under the same number must not answer with its predecessor's answers.
    private readonly long _instance = Interlocked.Increment(ref _lastInstance);
    private readonly ConcurrentDictionary<UInt128, SharedRun> _runs = new();
    private readonly DurationCounter _hits = new();
    private readonly DurationCounter _misses = new();
    private long _lastHitTicks;

    /// <summary>Where answers are kept from now on; null where none are.</summary>
    public PredictionCache? Cache
    {
        get => _cache;
        set => _cache = value;
    }

    public override ModelStatistics Statistics
    {
        get
        {
            var (statistics, hits) = (Inner.Statistics, _hits.Sum);
            return statistics with
            {
                LastInference = Later(statistics.LastInference, Interlocked.Read(ref _lastHitTicks)),
                Success = new DurationSum(statistics.Success.Count + hits.Count, statistics.Success.Total + hits.Total),
                CacheHit = hits,
                CacheMiss = _misses.Sum,
            };
        }
    }

    public override Task<InferenceResponse> InferAsync(InferenceRequest request, CancellationToken cancellationToken)
    {
        if (_cache is not { } cache) return Inner.InferAsync(request, cancellationToken);
        if (request.BypassCache) return BypassAsync(request, cancellationToken);
        var startedAt = time.GetTimestamp();
        var key = CacheKey.Of(_instance, request);
        if (cache.Find(key) is not { } answer) return ComputeAsync(cache, key, request, startedAt, cancellationToken);
        OnHit("hit", startedAt);
        return Task.FromResult(answer);
    }

    private Task<InferenceResponse> BypassAsync(InferenceRequest request, CancellationToken cancellationToken)
    {
        instruments.OnCached(model, Version, "bypass");
        return Inner.InferAsync(request, cancellationToken);
    }

    private async Task<InferenceResponse> ComputeAsync(PredictionCache cache, UInt128 key, InferenceRequest request, long startedAt, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (run, own) = JoinOrAdd(key, request.Priority);
        if (own) Start(cache, key, run, request, startedAt);
        var answer = await run.WaitAsync(request.Timeout, time, cancellationToken);
        if (!own) OnHit("shared", startedAt);
        return answer;
    }

    private (SharedRun Run, bool Own) JoinOrAdd(UInt128 key, InferencePriority priority)
    {
        var own = new SharedRun(priority);
        while (!_runs.TryAdd(key, own))
        {
            // Where the run has just ended, or another caller was first to replace one that cannot be joined, look again.
            if (!_runs.TryGetValue(key, out var run)) continue;
            if (run.TryJoin(priority)) return (run, false);
            if (_runs.TryUpdate(key, own, run)) break;
        }

        return (own, true);
    }

    private void Start(PredictionCache cache, UInt128 key, SharedRun run, InferenceRequest request, long startedAt)
    {
        _misses.Add(time.GetElapsedTime(startedAt));
        instruments.OnCached(model, Version, "miss");
        _ = RunAsync(cache, key, run, request);
    }

    private async Task RunAsync(PredictionCache cache, UInt128 key, SharedRun run, InferenceRequest request)
    {
        // Whoever waits holds the version; this hold is for the moments after the last one has left.
        var held = Inner.TryAcquire();
        try
        {
            // Another run may have ended between our look at the cache and our place among the runs.
            run.Complete(cache.Find(key) ?? await InferAsync(cache, key, run, request).ConfigureAwait(false));
        }
        catch (Exception e)
        {
            run.Fail(e);
        }
        finally
        {
            _runs.TryRemove(KeyValuePair.Create(key, run));
            run.Dispose();
            if (held) Inner.Release();
        }
    }

    // Stored before the run leaves the list, so that whoever misses both the answer and the run finds one of them at the second look.
    private async Task<InferenceResponse> InferAsync(PredictionCache cache, UInt128 key, SharedRun run, InferenceRequest request)
    {
        var answer = await Inner.InferAsync(request with { Timeout = null }, run.Abandoned).ConfigureAwait(false);
        cache.Store(key, answer);
        return answer;
    }

    private void OnHit(string outcome, long startedAt)
    {
        _hits.Add(time.GetElapsedTime(startedAt));
        Interlocked.Exchange(ref _lastHitTicks, time.GetUtcNow().UtcTicks);
        instruments.OnCached(model, Version, outcome);
    }

    private static DateTimeOffset? Later(DateTimeOffset? inference, long hitTicks)
    {
        if (hitTicks == 0) return inference;
        var hit = new DateTimeOffset(hitTicks, TimeSpan.Zero);
        return inference > hit ? inference : hit;
    }
}
