namespace OrleansInference;

/// <summary>One replay of a time range. Key: its id.</summary>
[Alias("inference.replay")]
public interface IReplayGrain : IGrainWithGuidKey
{
    /// <summary>See <see cref="IReplayClient.GetAsync"/>.</summary>
    /// <exception cref="InferenceException">NotFound or StorageUnavailable.</exception>
    [Alias("get"), ResponseTimeout("00:00:30")]
    Task<ReplayReport> GetAsync();

    /// <summary>See <see cref="IReplayClient.CancelAsync"/>.</summary>
    /// <exception cref="InferenceException">NotFound or StorageUnavailable.</exception>
    [Alias("cancel"), ResponseTimeout("00:00:30")]
    Task<ReplayReport> CancelAsync();
}
