namespace OrleansInference;

/// <summary>The recorded predictions, for callers that cannot reach the log themselves. Key: <see cref="Key"/>.</summary>
[Alias("inference.prediction-log")]
public interface IPredictionLogGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "-";

    /// <summary>A prediction as it was recorded, with what it turned out to be.</summary>
    /// <exception cref="InferenceException">NotFound, or StorageUnavailable.</exception>
    [Alias("get"), ResponseTimeout("00:00:30")]
    Task<RecordedPrediction> GetAsync(Guid predictionId);

    /// <summary>Attaches a label to a prediction, or corrects it; the same label again changes nothing.</summary>
    /// <exception cref="InferenceException">NotFound, InvalidInput or StorageUnavailable.</exception>
    [Alias("record-outcome"), ResponseTimeout("00:00:30")]
    Task<RecordedOutcome> RecordOutcomeAsync(Guid predictionId, double label);

    /// <summary>The quality of each version with labels.</summary>
    /// <exception cref="InferenceException">NotFound: there is no such model. StorageUnavailable.</exception>
    [Alias("get-quality"), ResponseTimeout("00:00:30")]
    Task<IReadOnlyList<ModelQuality>> GetQualityAsync(QualityQuery query);

    /// <summary>Scores a prediction's recorded input by a version (number or label; null for the recorded one).</summary>
    /// <exception cref="InferenceException">NotFound: the prediction, or the version, naming what is served. InvalidInput or StorageUnavailable.</exception>
    [Alias("replay"), ResponseTimeout("00:00:30")]
    Task<ReplayedPrediction> ReplayAsync(Guid predictionId, string? version, CancellationToken cancellationToken);

    /// <summary>The features that a model's records have, by the schemas of all of them. Which are text, the first records of the range tell.</summary>
    /// <exception cref="InferenceException">NotFound: there is no such model. StorageUnavailable.</exception>
    [Alias("get-export-features"), ResponseTimeout("00:00:30")]
    Task<IReadOnlyList<ExportFeature>> GetExportFeaturesAsync(ExportQuery query);

    /// <summary>The features that are text in the next predictions of an export.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    [Alias("find-export-text"), ResponseTimeout("00:00:30")]
    Task<ExportText> FindExportTextAsync(ExportQuery query, LogCursor? after);

    /// <summary>The next predictions of an export.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    [Alias("export"), ResponseTimeout("00:00:30")]
    Task<ExportPage> ExportAsync(ExportQuery query, LogCursor? after);
}
