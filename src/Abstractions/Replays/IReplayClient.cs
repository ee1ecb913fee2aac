namespace OrleansInference;

/// <summary>Time ranges of the log through another version, in the background. REST translates to it.</summary>
/// <remarks>Nothing is recorded and nobody alerted. A replay goes on from where it was when its silo dies or is restarted.</remarks>
public interface IReplayClient
{
    /// <summary>Begins a replay and answers at once; its report tells how far it is.</summary>
    /// <exception cref="InferenceException">
    /// NotFound: the model, or the version, naming what is served. InvalidInput. QueueFull: as many run as may. StorageUnavailable.
    /// </exception>
    Task<ReplayReport> StartAsync(ReplayQuery query);

    /// <summary>How far a replay is, and what it found so far.</summary>
    /// <exception cref="InferenceException">NotFound or StorageUnavailable.</exception>
    Task<ReplayReport> GetAsync(Guid replayId);

    /// <summary>Ends a replay; what it found stays. One that has ended is left as it is.</summary>
    /// <exception cref="InferenceException">NotFound or StorageUnavailable.</exception>
    Task<ReplayReport> CancelAsync(Guid replayId);
}
