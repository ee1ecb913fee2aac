namespace OrleansInference.Storage.Sql;

/// <summary>One caller's part of a commit.</summary>
internal abstract class SqliteWrite : PendingWrite
{
    /// <summary>Executes the statements, on the writer's thread inside its transaction.</summary>
    public abstract void ApplyTo(WriterConnection connection);

    /// <summary>Called after the commit.</summary>
    public abstract void Succeed();

    /// <summary>What no transaction may hold, on the writer's thread after all of the commit's callers have their answers.</summary>
    public virtual void AfterCommit(WriterConnection connection)
    {
    }

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

    /// <summary>Ends the caller's wait for a write that was abandoned.</summary>
    protected void Leave(Exception failure) => _completion.TrySetException(failure);

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
