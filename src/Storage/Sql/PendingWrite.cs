namespace OrleansInference.Storage.Sql;

/// <summary>Something that waits for a commit.</summary>
/// <remarks>It is begun by the writer or abandoned by its caller, whichever is first, and never both: see _state.</remarks>
internal abstract class PendingWrite
{
    private const int Waiting = 0;
    private const int Begun = 1;
    private const int Abandoned = 2;

    private int _state = Waiting;

    /// <summary>Whether this was abandoned before it began, so that it is certain that nothing is or will be written.</summary>
    public bool TryAbandon()
    {
        if (Interlocked.CompareExchange(ref _state, Abandoned, Waiting) != Waiting) return false;
        OnAbandoned();
        return true;
    }

    public bool TryBegin()
    {
        if (Interlocked.CompareExchange(ref _state, Begun, Waiting) == Waiting) return true;

        // Its caller may not have come to this yet, and the next that is taken may build on it.
        OnAbandoned();
        return false;
    }

    /// <summary>What else happens when it is abandoned; more than once, on any thread, and before anything later is begun.</summary>
    protected virtual void OnAbandoned()
    {
    }
}
