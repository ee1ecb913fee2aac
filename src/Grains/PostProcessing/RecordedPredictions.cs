using OrleansInference.Grains.Features;

namespace OrleansInference.Grains.PostProcessing;

/// <summary>Records as callers see them.</summary>
internal static class RecordedPredictions
{
    public static RecordedPrediction From(PredictionRecord record)
    {
        var body = PredictionBody.Decode(record.Body);
        return new RecordedPrediction
        {
            PredictionId = record.Id,
            UserId = UserKey.ToUserId(record.User),
            Sequence = record.Sequence,
            Model = record.Model,
            ModelVersion = record.Version,
            Variant = record.Variant,
            IdempotencyKey = record.IdempotencyKey,
            CreatedAt = record.CreatedAt,
            Value = body.Prediction,
            Info = body.Info,
            Degraded = body.IsDegraded,
            Times = body.Times is { } times ? new RecordedTimes(times.At, times.Features, times.Inference, times.Total) : null,
            Features = [.. record.Schema.Names.Zip(body.Features, ToFeature)],
            Outputs = body.Outputs,
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
}
