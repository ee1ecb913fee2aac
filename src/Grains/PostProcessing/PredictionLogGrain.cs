using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.PostProcessing.Export;
using OrleansInference.Grains.PostProcessing.Feedback;
using OrleansInference.Grains.PostProcessing.Replay;

namespace OrleansInference.Grains.PostProcessing;

/// <summary>The log for callers outside the silo.</summary>
[StatelessWorker(1), Reentrant, GrainType("prediction-log")]
internal sealed class PredictionLogGrain(
    IPredictionLog log, IOutcomes outcomes, PredictionReplay replay, PredictionExport export, ModelCatalog models, IOptions<FeedbackOptions> feedback) : Grain, IPredictionLogGrain
{
    public async Task<RecordedPrediction> GetAsync(Guid predictionId)
    {
        var record = await ReadAsync(predictionId);
        return RecordedPredictions.From(record) with { Outcomes = await outcomes.ReadAsync(predictionId) };
    }

    public async Task<RecordedOutcome> RecordOutcomeAsync(Guid predictionId, double label)
    {
        if (!double.IsFinite(label)) throw InferenceException.InvalidInput(new FieldError("label", "must be true, false or a finite number", null));
        var record = await ReadAsync(predictionId);
        return await outcomes.AddAsync(record, PredictionBody.Decode(record.Body).Prediction, label);
    }

    public async Task<IReadOnlyList<ModelQuality>> GetQualityAsync(QualityQuery query)
    {
        models.Find(query.Model);
        return QualityMeasure.Of(query, await outcomes.ReadLabelledAsync(query, feedback.Value.MaxLabels));
    }

    public async Task<ReplayedPrediction> ReplayAsync(Guid predictionId, string? version, CancellationToken cancellationToken) =>
        await replay.ReplayAsync(await ReadAsync(predictionId), version, InferencePriority.Interactive, cancellationToken);

    public async Task<IReadOnlyList<ExportFeature>> GetExportFeaturesAsync(ExportQuery query)
    {
        models.Find(query.Model);
        return await export.ReadFeaturesAsync(query);
    }

    public Task<ExportText> FindExportTextAsync(ExportQuery query, LogCursor? after) => export.FindTextAsync(query, after);

    public Task<ExportPage> ExportAsync(ExportQuery query, LogCursor? after) => export.ReadPageAsync(query, after);

    private async Task<PredictionRecord> ReadAsync(Guid id) => await log.ReadAsync(id) ?? throw new InferenceException(
        InferenceErrorCode.NotFound, $"There is no prediction {id}. It was never recorded, was erased, or is in another database.");
}
