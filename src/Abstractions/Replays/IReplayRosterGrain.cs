namespace OrleansInference;

/// <summary>Lets replays begin, and keeps the list of them. Key: <see cref="Key"/>.</summary>
[Alias("inference.replay-roster")]
public interface IReplayRosterGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "-";

    /// <summary>See <see cref="IReplayClient.StartAsync"/>.</summary>
    /// <exception cref="InferenceException">NotFound, InvalidInput, QueueFull or StorageUnavailable.</exception>
    [Alias("start"), ResponseTimeout("00:01:00")]
    Task<ReplayReport> StartAsync(ReplayQuery query);

    /// <summary>Lets those go on that were at work when their silo ended.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    [Alias("resume"), ResponseTimeout("00:01:00")]
    Task ResumeAsync();
}
