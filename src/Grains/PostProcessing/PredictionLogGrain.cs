using Orleans.Concurrency;
using OrleansInference.Grains.Features;

namespace OrleansInference.Grains.PostProcessing;

/// <summary>Reads the log for callers outside the silo.</summary>
[StatelessWorker(1), Reentrant, GrainType("prediction-log")]
internal sealed class PredictionLogGrain(IPredictionLog log) : Grain, IPredictionLogGrain
{
    public async Task<RecordedPrediction> GetAsync(Guid predictionId)
    {
        var record = await log.ReadAsync(predictionId) ?? throw NotFound(predictionId);
        var body = PredictionBody.Decode(record.Body);
        return new RecordedPrediction
        {
            PredictionId = record.Id,
            UserId = UserKey.ToUserId(record.User),
            Model = record.Model,
            ModelVersion = record.Version,
            CreatedAt = record.CreatedAt,
            Value = body.Prediction,
            Info = body.Info,
            Degraded = body.IsDegraded,
            Features = [.. record.Schema.Names.Zip(body.Features, ToFeature)],
        };
    }

    private static UsedFeature ToFeature(string name, RecordedFeature feature) =>
        new(name, feature.Value.ToObject(), feature.Age, ToText(feature.Value.Status));

    private static string ToText(FeatureStatus status) => status switch
    {
        FeatureStatus.Fresh => "fresh",
        FeatureStatus.Stale => "stale",
        FeatureStatus.Default => "default",
        FeatureStatus.Overridden => "overridden",
        _ => "approximate",
    };

    private static InferenceException NotFound(Guid id) =>
        new(InferenceErrorCode.NotFound, $"There is no prediction {id}. It was never recorded, or in another data directory.");
}
