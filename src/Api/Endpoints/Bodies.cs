using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansInference.Api.Endpoints;

/// <summary>The body of a prediction request, as documented; <see cref="Json.PredictionRequestReader"/> reads it.</summary>
internal sealed record PredictBody
{
    [JsonPropertyName("user_id"), JsonRequired, Description("The user: an integer, or a string of 1 to 128 characters. 42 and \"42\" are one user.")]
    public JsonElement UserId { get; init; }

    [JsonPropertyName("raw_feature"), Description("In the fraud demo: the terminal.")]
    public string? RawFeature { get; init; }

    [JsonPropertyName("amount"), Description("In the fraud demo: the amount. Default: the user's mean of 30 days.")]
    public double? Amount { get; init; }

    [JsonPropertyName("at"), Description("In the fraud demo: the time, ISO 8601 (UTC unless it names an offset) or Unix seconds. Default: now.")]
    public JsonElement? At { get; init; }
}

/// <summary>The answer to a prediction request.</summary>
internal sealed record PredictionBody(
    [property: JsonPropertyName("prediction"), Description("The model's answer.")] double Prediction,
    [property: JsonPropertyName("info"), Description("A text from the external service, or N/A.")] string Info,
    [property: JsonPropertyName("prediction_id"), Description("The prediction's identity in the log, alerts and workflows.")] Guid PredictionId,
    [property: JsonPropertyName("model")] string Model,
    [property: JsonPropertyName("model_version")] string ModelVersion,
    [property: JsonPropertyName("degraded"), Description("Whether a source of features failed and default values stand in for it.")] bool Degraded);

/// <summary>A user as held in memory.</summary>
internal sealed record UserBody(
    [property: JsonPropertyName("user_id")] string UserId,
    [property: JsonPropertyName("last_sequence"), Description("The number of the user's last prediction; null until the first one since the user came into memory.")] long? LastSequence,
    [property: JsonPropertyName("features")] IReadOnlyDictionary<string, FeatureViewBody> Features);

/// <summary>A cached feature view.</summary>
internal sealed record FeatureViewBody(
    [property: JsonPropertyName("age_seconds")] double AgeSeconds,
    [property: JsonPropertyName("fresh")] bool Fresh,
    [property: JsonPropertyName("values")] IReadOnlyDictionary<string, object?> Values);

/// <summary>The answer to a health check.</summary>
internal sealed record HealthBody([property: JsonPropertyName("status")] string Status);
