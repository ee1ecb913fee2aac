using OrleansInference.Grains;

namespace OrleansInference.Storage.Sql;

/// <summary>One caller's part of a commit.</summary>
/// <remarks>It is begun by the writer or abandoned by its caller, whichever is first, and never both: see _state.</remarks>
internal abstract class SqliteWrite
{
    private const int Waiting = 0;
    private const int Begun = 1;
    private const int Abandoned = 2;

    private int _state = Waiting;

    /// <summary>Whether this was abandoned before it began, so that it is certain that nothing is or will be written.</summary>
    public bool TryAbandon() => Interlocked.CompareExchange(ref _state, Abandoned, Waiting) == Waiting;

    public bool TryBegin() => Interlocked.CompareExchange(ref _state, Begun, Waiting) == Waiting;

    /// <summary>Executes the statements, on the writer's thread inside its transaction.</summary>
    public abstract void ApplyTo(WriterConnection connection);

    /// <summary>Called after the commit.</summary>
    public abstract void Succeed();

    /// <summary>Called when the commit failed.</summary>
    public abstract void Fail(Exception failure);
}

/// <summary>A write with an answer, which its caller has after the commit.</summary>
internal abstract class SqliteWrite<T> : SqliteWrite
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _answer;

    /// <summary>Completes after the commit.</summary>
    public Task<T> Completion => _completion.Task;

    public sealed override void ApplyTo(WriterConnection connection) => _answer = Apply(connection);

    public sealed override void Succeed()
    {
        Committed(_answer!);
        _completion.TrySetResult(_answer!);
    }

    public sealed override void Fail(Exception failure)
    {
        Failed();
        _completion.TrySetException(failure);
    }

    /// <summary>Executes the statements.</summary>
    protected abstract T Apply(WriterConnection connection);

    /// <summary>What else happens once it is on disk.</summary>
    protected virtual void Committed(T answer)
    {
    }

    /// <summary>What else happens when it was not written.</summary>
    protected virtual void Failed()
    {
    }
}
