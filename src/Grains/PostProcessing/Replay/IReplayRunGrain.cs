namespace OrleansInference.Grains.PostProcessing.Replay;

/// <summary>What the roster asks a replay; its other face is <see cref="IReplayGrain"/>. Key: its id.</summary>
[Alias("inference.replay-run")]
internal interface IReplayRunGrain : IGrainWithGuidKey
{
    /// <exception cref="InferenceException">NotFound, InvalidInput or StorageUnavailable: it did not begin.</exception>
    [Alias("begin"), ResponseTimeout("00:00:30")]
    Task<ReplayReport> BeginAsync(ReplayQuery query);

    /// <summary>Goes on if it has not ended.</summary>
    /// <returns>Whether it runs.</returns>
    [Alias("resume"), ResponseTimeout("00:00:30")]
    Task<bool> ResumeAsync();

    /// <summary>Removes the report.</summary>
    [Alias("forget"), ResponseTimeout("00:00:30")]
    Task ForgetAsync();
}
