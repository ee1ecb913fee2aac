using OrleansInference.Grains.Features;
using OrleansInference.Grains.Models.Planning;

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
            Times = ToTimes(body.Times),
            Features = ToFeatures(record.Schema, body),
            Outputs = body.Outputs,
        };
    }

    /// <summary>What a recorded prediction was made from.</summary>
    public static PredictionDetails ToDetails(PredictionRecord record, PredictionBody body) => new(ToFeatures(record.Schema, body), ToTimes(body.Times));

    /// <summary>What a prediction was made from that is not recorded yet.</summary>
    public static PredictionDetails ToDetails(FeatureSchema schema, FeatureVector features, PredictionTimes times) => new(
        [.. schema.Names.Select((name, i) => ToFeature(name, new RecordedFeature(features.Values[i], TimeSpan.FromMilliseconds(features.AgeMs(i)))))],
        ToTimes(times));

    private static UsedFeature[] ToFeatures(FeatureSchema schema, PredictionBody body) => [.. schema.Names.Zip(body.Features, ToFeature)];

    private static RecordedTimes? ToTimes(PredictionTimes? times) => times is { } known ? new RecordedTimes(known.At, known.Features, known.Inference, known.Total) : null;

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
