using OrleansInference.Grains;

namespace OrleansInference.Storage.Sql;

/// <summary>One caller's part of a commit.</summary>
/// <remarks>It is begun by the writer or abandoned by its caller, whichever is first, and never both: see _state.</remarks>
internal abstract class SqliteWrite
{
    private const int Waiting = 0;
    private const int Begun = 1;
    private const int Abandoned = 2;

    private readonly TaskCompletionSource<int> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state = Waiting;
    private int _rows;

    /// <summary>Rows that were written; completes after the commit.</summary>
    public Task<int> Completion => _completion.Task;

    /// <summary>Whether this was abandoned before it began, so that it is certain that nothing is or will be written.</summary>
    public bool TryAbandon() => Interlocked.CompareExchange(ref _state, Abandoned, Waiting) == Waiting;

    public bool TryBegin() => Interlocked.CompareExchange(ref _state, Begun, Waiting) == Waiting;

    public void ApplyTo(WriterConnection connection) => _rows = Apply(connection);

    /// <summary>Called after the commit: <see cref="Completion"/> completes.</summary>
    public void Succeed()
    {
        Committed(_rows);
        _completion.TrySetResult(_rows);
    }

    public void Fail(InferenceException failure) => _completion.TrySetException(failure);

    /// <summary>Executes the statements, on the writer's thread inside its transaction; answers how many rows were written.</summary>
    protected abstract int Apply(WriterConnection connection);

    /// <summary>What else happens once the rows are on disk.</summary>
    protected virtual void Committed(int rows)
    {
    }
}
