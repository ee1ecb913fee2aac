using BitFaster.Caching.Lru;

namespace OrleansInference.Grains.Models.Caching;

/// <summary>A model's latest answers by what was asked: at most so many, each for so long.</summary>
/// <remarks>Promises: bounded; no answer older than its time to live; safe for concurrent use without a lock of its own.</remarks>
internal sealed class PredictionCache(PredictionCacheOptions options, TimeProvider time)
{
    // The least that the library's queues can hold. A smaller cache keeps a little more than it was asked to.
    private const int LeastCapacity = 3;

    private readonly ConcurrentLru<UInt128, Entry> _entries = new(Math.Max(LeastCapacity, options.MaxEntries));

    public PredictionCacheOptions Options => options;

    public InferenceResponse? Find(UInt128 key) =>
        _entries.TryGet(key, out var entry) && time.GetElapsedTime(entry.StoredAt) < options.Ttl ? entry.Answer : null;

    public void Store(UInt128 key, InferenceResponse answer) => _entries.AddOrUpdate(key, new Entry(answer, time.GetTimestamp()));

    private sealed record Entry(InferenceResponse Answer, long StoredAt);
}
