using System.ComponentModel;
using System.Text.Json.Serialization;

namespace OrleansInference.Api.Endpoints;

/// <summary>What a prediction turned out to be, as documented here; <see cref="Json.OutcomeReader"/> reads it.</summary>
internal sealed record OutcomeBody([property: JsonPropertyName("label"), JsonRequired, Description("true, false, or the number that was to be predicted.")] object Label);

/// <summary>A label as it was recorded.</summary>
internal sealed record RecordedOutcomeBody(
    [property: JsonPropertyName("prediction_id")] Guid PredictionId,
    [property: JsonPropertyName("label"), Description("1 for true and 0 for false.")] double Label,
    [property: JsonPropertyName("revision"), Description("1 for the first label, one more with each correction.")] int Revision,
    [property: JsonPropertyName("recorded_at")] DateTime RecordedAt);

/// <summary>A replayed prediction.</summary>
internal sealed record ReplayBody(
    [property: JsonPropertyName("prediction_id")] Guid PredictionId,
    [property: JsonPropertyName("model")] string Model,
    [property: JsonPropertyName("recorded")] ReplaySideBody Recorded,
    [property: JsonPropertyName("replayed")] ReplaySideBody Replayed,
    [property: JsonPropertyName("difference"), Description("Replayed less recorded.")] double Difference,
    [property: JsonPropertyName("bit_equal"), Description("Whether every output is the recorded one, bit by bit.")] bool BitEqual);

/// <summary>One side of a replay.</summary>
internal sealed record ReplaySideBody(
    [property: JsonPropertyName("model_version")] string ModelVersion,
    [property: JsonPropertyName("prediction")] double Prediction);

/// <summary>How a version does by the labels that came.</summary>
internal sealed record QualityBody(
    [property: JsonPropertyName("model")] string Model,
    [property: JsonPropertyName("model_version")] string ModelVersion,
    [property: JsonPropertyName("labelled"), Description("Predictions with a label that were counted.")] int Labelled,
    [property: JsonPropertyName("mean_absolute_error")] double MeanAbsoluteError,
    [property: JsonPropertyName("root_mean_squared_error")] double RootMeanSquaredError,
    [property: JsonPropertyName("binary"), Description("Null where a label is neither true nor false.")] BinaryQualityBody? Binary);

/// <summary>What holds for labels of true and false.</summary>
internal sealed record BinaryQualityBody(
    [property: JsonPropertyName("positives")] int Positives,
    [property: JsonPropertyName("auc"), Description("Null where all labels are the same.")] double? Auc,
    [property: JsonPropertyName("average_precision")] double? AveragePrecision,
    [property: JsonPropertyName("threshold")] double Threshold,
    [property: JsonPropertyName("precision"), Description("Null where no prediction reaches the threshold.")] double? Precision,
    [property: JsonPropertyName("recall")] double? Recall,
    [property: JsonPropertyName("calibration_error"), Description("Mean distance of the mean prediction from the rate observed, over ten bins.")] double CalibrationError,
    [property: JsonPropertyName("calibration")] IReadOnlyList<CalibrationBinBody> Calibration);

/// <summary>Predictions of about the same height.</summary>
internal sealed record CalibrationBinBody(
    [property: JsonPropertyName("from")] double From,
    [property: JsonPropertyName("to")] double To,
    [property: JsonPropertyName("count")] int Count,
    [property: JsonPropertyName("mean_prediction")] double MeanPrediction,
    [property: JsonPropertyName("observed_rate")] double ObservedRate);
