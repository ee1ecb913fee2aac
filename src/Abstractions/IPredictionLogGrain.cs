namespace OrleansInference;

/// <summary>The recorded predictions, for callers that cannot reach the log themselves. Key: <see cref="Key"/>.</summary>
[Alias("inference.prediction-log")]
public interface IPredictionLogGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "-";

    /// <summary>A prediction as it was recorded.</summary>
    /// <exception cref="InferenceException">NotFound, or StorageUnavailable.</exception>
    [Alias("get"), ResponseTimeout("00:00:30")]
    Task<RecordedPrediction> GetAsync(Guid predictionId);
}
