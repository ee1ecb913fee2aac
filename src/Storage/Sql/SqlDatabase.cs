namespace OrleansInference.Storage.Sql;

/// <summary>A database as the stores see it, whichever it is: what they ask is written once for all.</summary>
/// <remarks>
/// The SQL is what SQLite and PostgreSQL have in common. Times are Unix milliseconds; ids are blobs here and uuids there, which
/// <see cref="SqlStatement"/> and <see cref="SqlRow"/> hide.
/// </remarks>
internal abstract class SqlDatabase
{
    /// <summary>Runs statements that change nothing.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public abstract Task<T> ReadAsync<T>(Func<SqlSession, ValueTask<T>> read, CancellationToken cancellationToken = default);

    /// <summary>Runs statements in one transaction; completes when it is on disk.</summary>
    /// <exception cref="InferenceException">StorageUnavailable, or what <paramref name="write"/> threw: nothing was written.</exception>
    /// <exception cref="OperationCanceledException">The caller left; it may have been written.</exception>
    public abstract Task<T> WriteAsync<T>(Func<SqlSession, ValueTask<T>> write, CancellationToken cancellationToken = default);

    /// <summary>Lets go of what was deleted also where the database keeps it for a while, such as a log of its own.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public virtual Task ScrubAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
