using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using OrleansInference.Api.Grpc.Predictions.Wire;
using OrleansInference.Api.Json;

namespace OrleansInference.Api.Grpc.Predictions;

/// <summary>Writes predictions.</summary>
internal static class PredictionTranslator
{
    public static PredictResponse Translate(Prediction prediction) => new()
    {
        Prediction = prediction.Value,
        Info = prediction.Info,
        PredictionId = prediction.PredictionId.ToString(),
        Model = prediction.Model,
        ModelVersion = prediction.ModelVersion.ToString(CultureInfo.InvariantCulture),
        Degraded = prediction.Degraded,
        Features = { prediction.Details?.Features.Select(Translate) ?? [] },
        Times = prediction.Details?.Times is { } times ? Translate(times) : null,
    };

    public static Wire.RecordedPrediction Translate(OrleansInference.RecordedPrediction prediction) => new()
    {
        PredictionId = prediction.PredictionId.ToString(),
        UserId = prediction.UserId,
        Model = prediction.Model,
        ModelVersion = prediction.ModelVersion.ToString(CultureInfo.InvariantCulture),
        CreatedAt = Timestamp.FromDateTimeOffset(prediction.CreatedAt),
        Prediction = prediction.Value,
        Info = prediction.Info,
        Degraded = prediction.Degraded,
        Features = { prediction.Features.Select(Translate) },
        Sequence = prediction.Sequence,
        RequestId = prediction.IdempotencyKey ?? "",
        Variant = Variants.NameOf(prediction.Variant),
        Times = prediction.Times is { } times ? Translate(times) : null,
    };

    private static Wire.RecordedTimes Translate(OrleansInference.RecordedTimes times) => new()
    {
        At = Timestamp.FromDateTimeOffset(times.At),
        Features = Duration.FromTimeSpan(times.Features),
        Inference = Duration.FromTimeSpan(times.Inference),
        Total = Duration.FromTimeSpan(times.Total),
    };

    private static Wire.UsedFeature Translate(OrleansInference.UsedFeature feature) => new()
    {
        Name = feature.Name,
        Value = feature.Value switch
        {
            double number => Value.ForNumber(number),
            string text => Value.ForString(text),
            _ => Value.ForNull(),
        },
        Age = Duration.FromTimeSpan(feature.Age),
        Status = feature.Status,
        Source = feature.Source,
    };
}
