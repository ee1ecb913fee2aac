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
    public bool TryAbandon() => Interlocked.CompareExchange(ref _state, Abandoned, Waiting) == Waiting;

    public bool TryBegin() => Interlocked.CompareExchange(ref _state, Begun, Waiting) == Waiting;
}
