using Orleans.Storage;

namespace OrleansInference.Grains;

/// <summary>A grain's own state in grain storage, whose failures tell a caller what could not be read or kept.</summary>
/// <remarks>
/// Orleans' persistent state wraps whatever a storage throws, and reads before the grain can say anything to it: to a caller that is a
/// defect of ours. Runs on the grain's turns only.
/// </remarks>
/// <param name="storage">Grain storage.</param>
/// <param name="grain">Whose it is.</param>
/// <param name="name">The state's name, a part of its key.</param>
/// <param name="what">What callers know it by; the first words of a sentence.</param>
/// <param name="onFailed">Told the cause and what could not be done, once for failures in a row.</param>
internal sealed class StoredState<TState>(IGrainStorage storage, GrainId grain, string name, string what, Action<Exception, string, string> onFailed)
    where TState : class, new()
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly GrainState<TState> _stored = new(new TState());
    private bool _isFailing;

    public TState State
    {
        // Not every storage makes one where there is none.
        get => _stored.State ??= new TState();
        set => _stored.State = value;
    }

    public bool RecordExists => _stored.RecordExists;

    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public Task ReadAsync() => AskAsync(() => storage.ReadStateAsync(name, grain, _stored), "read");

    /// <summary>Writes the state. After a failure it may have been written: what goes on from here reads it first.</summary>
    /// <exception cref="InconsistentStateException">Another activation has written since.</exception>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public Task WriteAsync() => AskAsync(() => storage.WriteStateAsync(name, grain, _stored), "stored");

    /// <exception cref="InconsistentStateException">Another activation has written since.</exception>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    public Task ClearAsync() => AskAsync(() => storage.ClearStateAsync(name, grain, _stored), "removed");

    private async Task AskAsync(Func<Task> ask, string done)
    {
        try
        {
            await ask();
            _isFailing = false;
        }
        catch (Exception e) when (e is not InconsistentStateException)
        {
            if (!_isFailing) onFailed(e, what, done);
            _isFailing = true;

            // The storage's own words are for the log: they may be long, and tell of what callers need not know.
            throw new InferenceException(InferenceErrorCode.StorageUnavailable, $"{what} could not be {done}: grain storage does not answer. Retry.", RetryAfter);
        }
    }
}
