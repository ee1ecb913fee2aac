namespace OrleansInference.Grains.Models.Residency;

/// <summary>The places for models in memory: with a limit, a model that comes in takes that of the one which was longest unused.</summary>
/// <remarks>
/// Promises: never more places taken than the limit, since one is free only when the memory of the model that left is; callers
/// are served first in, first out; a model that a request waits for is not evicted before it has answered.
/// Threads: any. _turn lets one caller at a time look for a place.
/// </remarks>
internal sealed class ModelPlaces(int? limit, ModelEntries entries) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly SemaphoreSlim _changed = new(0, 1);
    private int _taken;

    public bool IsLimited => limit is not null;

    /// <summary>Models in memory, with those that come in and those that have not quite left.</summary>
    public int Taken => Volatile.Read(ref _taken);

    /// <summary>Takes a place, evicting where it must; the caller has the model's <see cref="ModelEntry.Changing"/>.</summary>
    public async Task TakeAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (!TryTake())
            {
                if (await TryEvictAsync(cancellationToken).ConfigureAwait(false)) continue;
                await _changed.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Gives a place back: the model has left memory, or never came.</summary>
    public void Release()
    {
        Interlocked.Decrement(ref _taken);
        Signal();
    }

    /// <summary>Something has changed that may make a model evictable.</summary>
    public void Signal()
    {
        if (!IsLimited) return;
        try
        {
            _changed.Release();
        }
        catch (SemaphoreFullException)
        {
            // Whoever waits will look again anyway.
        }
    }

    public void Dispose()
    {
        _turn.Dispose();
        _changed.Dispose();
    }

    // Only whoever has the turn takes, so that the count cannot pass the limit between the two lines.
    private bool TryTake()
    {
        if (limit is not null && Taken >= limit) return false;
        Interlocked.Increment(ref _taken);
        return true;
    }

    private async Task<bool> TryEvictAsync(CancellationToken cancellationToken)
    {
        // An idle one leaves at once; a busy one must finish first.
        var candidates = entries.All.Where(entry => entry is { Current: not null, HasWaiters: false }).OrderBy(entry => !entry.Current!.IsIdle).ThenBy(entry => entry.LastUsed);
        foreach (var entry in candidates)
        {
            if (!entry.Changing.Wait(0, CancellationToken.None)) continue;
            Task freed;
            try
            {
                if (entry.Current is null || entry.HasWaiters) continue;
                freed = EvictAsync(entry);
            }
            finally
            {
                entry.Changing.Release();
            }

            await freed.WaitAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }

        return false;
    }

    private async Task EvictAsync(ModelEntry entry)
    {
        await entries.SwapAsync(entry, next: null).ConfigureAwait(false);
        Release();
    }
}
