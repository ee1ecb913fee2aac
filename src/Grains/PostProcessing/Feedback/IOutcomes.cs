namespace OrleansInference.Grains.PostProcessing.Feedback;

/// <summary>Port to what predictions turned out to be.</summary>
/// <remarks>All methods throw InferenceException with StorageUnavailable when the database does not do its part.</remarks>
public interface IOutcomes
{
    /// <summary>Attaches a label, or corrects the one there is; the same label again changes nothing.</summary>
    Task<RecordedOutcome> AddAsync(PredictionRecord prediction, double score, double label);

    /// <summary>A prediction's labels, the first one first.</summary>
    Task<IReadOnlyList<RecordedOutcome>> ReadAsync(Guid predictionId);

    /// <summary>The latest label of each prediction, the last <paramref name="most"/> that came.</summary>
    Task<IReadOnlyList<LabelledScore>> ReadLabelledAsync(QualityQuery query, int most);

    /// <summary>When the model's last label came; null where none did.</summary>
    Task<DateTimeOffset?> ReadLastAsync(string model);
}

/// <summary>A prediction and what it turned out to be.</summary>
public readonly record struct LabelledScore(int Version, double Score, double Label);
