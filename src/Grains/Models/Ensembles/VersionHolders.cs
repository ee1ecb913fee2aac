namespace OrleansInference.Grains.Models.Ensembles;

/// <summary>Counts who holds a version, so that it is retired when the last has gone.</summary>
internal sealed class VersionHolders
{
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // The catalog's own hold counts as one, until it retires the version: at zero nobody can come back.
    private int _holders = 1;
    private int _retired;

    public bool TryAcquire()
    {
        var holders = Volatile.Read(ref _holders);
        while (holders > 0 && Volatile.Read(ref _retired) == 0)
        {
            var seen = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (seen == holders) return true;

            // Another holder came or went first: look again.
            holders = seen;
        }

        return false;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0) _gone.TrySetResult();
    }

    public Task RetireAsync()
    {
        if (Interlocked.Exchange(ref _retired, 1) == 0) Release();
        return _gone.Task;
    }
}
