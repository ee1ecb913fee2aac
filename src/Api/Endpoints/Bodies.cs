using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansInference.Api.Endpoints;

/// <summary>The body of a prediction request, as documented here and in <see cref="ApiDocument"/>; <see cref="Json.PredictionRequestReader"/> reads it.</summary>
internal sealed record PredictBody
{
    [JsonPropertyName("user_id"), JsonRequired]
    public JsonElement UserId { get; init; }

    [JsonPropertyName("raw_feature"), Description("In the fraud demo: the terminal.")]
    public string? RawFeature { get; init; }

    [JsonPropertyName("amount"), Description("In the fraud demo: the amount. Default: the user's mean of 30 days.")]
    public double? Amount { get; init; }

    [JsonPropertyName("at")]
    public JsonElement? At { get; init; }

    [JsonPropertyName("request_id"), Description("Names what is to be done once: a repeat with the same id, user and model has the first one's answer. The header Idempotency-Key says the same.")]
    public string? RequestId { get; init; }

    [JsonPropertyName("features"), Description("Values that features are to have in this one prediction, such as {\"spending.mean_1d\": 12.5}: flagged as overridden, kept for nothing else.")]
    public IReadOnlyDictionary<string, JsonElement>? Features { get; init; }

    [JsonPropertyName("max_age"), Description("The age, in seconds, from which a cached feature is read again before it is used. Default: as its view says.")]
    public double? MaxAge { get; init; }
}

/// <summary>The body of a batch of predictions.</summary>
internal sealed record PredictBatchBody(
    [property: JsonPropertyName("instances"), JsonRequired, Description("At most 1,000 requests, each as of predict.")] IReadOnlyList<PredictBody> Instances);

/// <summary>The answer to a batch of predictions.</summary>
internal sealed record PredictionBatchBody(
    [property: JsonPropertyName("predictions"), Description("For each instance, in its place, a prediction or an error.")] IReadOnlyList<PredictionResultBody> Predictions);

/// <summary>A prediction's fields, or an error.</summary>
internal sealed record PredictionResultBody(
    [property: JsonPropertyName("prediction")] double? Prediction,
    [property: JsonPropertyName("info")] string? Info,
    [property: JsonPropertyName("prediction_id")] Guid? PredictionId,
    [property: JsonPropertyName("model")] string? Model,
    [property: JsonPropertyName("model_version")] string? ModelVersion,
    [property: JsonPropertyName("degraded")] bool? Degraded,
    [property: JsonPropertyName("error"), Description("Why there is no prediction; then it is the only field.")] BatchErrorBody? Error);

/// <summary>Why an instance has no prediction.</summary>
internal sealed record BatchErrorBody(
    [property: JsonPropertyName("title")] string Title,
    [property: JsonPropertyName("status"), Description("The HTTP status that it would have had alone.")] int Status,
    [property: JsonPropertyName("detail")] string Detail,
    [property: JsonPropertyName("code")] string Code,
    [property: JsonPropertyName("retry_after_seconds")] double? RetryAfterSeconds = null,
    [property: JsonPropertyName("errors")] IReadOnlyList<FaultBody>? Errors = null);

/// <summary>The answer to a prediction request.</summary>
internal sealed record PredictionBody(
    [property: JsonPropertyName("prediction"), Description("The model's answer.")] double Prediction,
    [property: JsonPropertyName("info"), Description("A text from the external service, or N/A.")] string Info,
    [property: JsonPropertyName("prediction_id"), Description("The prediction's identity in the log, alerts and workflows.")] Guid PredictionId,
    [property: JsonPropertyName("model")] string Model,
    [property: JsonPropertyName("model_version")] string ModelVersion,
    [property: JsonPropertyName("degraded"), Description("Whether a source of features failed and default values stand in for it.")] bool Degraded,
    [property: JsonPropertyName("times"), Description("With details=true: the instant asked about, and the time of each stage.")] TimesBody? Times = null,
    [property: JsonPropertyName("features"), Description("With details=true: the request's fields and the features of every source, by name.")] IReadOnlyDictionary<string, UsedFeatureBody>? Features = null);

/// <summary>A prediction as it was recorded; <see cref="Json.RecordedPredictionWriter"/> writes it.</summary>
internal sealed record RecordedPredictionBody(
    [property: JsonPropertyName("prediction_id")] Guid PredictionId,
    [property: JsonPropertyName("user_id")] string UserId,
    [property: JsonPropertyName("sequence"), Description("Its number among the user's predictions.")] long Sequence,
    [property: JsonPropertyName("request_id"), Description("The caller's idempotency key; null where none was sent, and when its time is over.")] string? RequestId,
    [property: JsonPropertyName("model")] string Model,
    [property: JsonPropertyName("model_version")] string ModelVersion,
    [property: JsonPropertyName("variant"), Description("Why that version answered: default, canary or pinned.")] string Variant,
    [property: JsonPropertyName("created_at"), Description("When it was recorded.")] DateTime CreatedAt,
    [property: JsonPropertyName("prediction")] double Prediction,
    [property: JsonPropertyName("info")] string Info,
    [property: JsonPropertyName("degraded")] bool Degraded,
    [property: JsonPropertyName("times"), Description("The instant asked about, and the time of each stage; null in records of older programs.")] TimesBody? Times,
    [property: JsonPropertyName("features"), Description("The request's fields and the features of every source, by name.")] IReadOnlyDictionary<string, UsedFeatureBody> Features,
    [property: JsonPropertyName("outputs"), Description("All outputs of the model, as in the Open Inference Protocol; null where they were too large to keep.")] IReadOnlyList<OutputBody>? Outputs,
    [property: JsonPropertyName("outcomes"), Description("What it turned out to be: each label that came, the last one counts.")] IReadOnlyList<OutcomeRevisionBody> Outcomes);

/// <summary>A label that came for a prediction.</summary>
internal sealed record OutcomeRevisionBody(
    [property: JsonPropertyName("label"), Description("1 for true and 0 for false.")] double Label,
    [property: JsonPropertyName("revision")] int Revision,
    [property: JsonPropertyName("recorded_at")] DateTime RecordedAt);

/// <summary>When a prediction happened.</summary>
internal sealed record TimesBody(
    [property: JsonPropertyName("at"), Description("The request's timestamp field, else its arrival.")] DateTime At,
    [property: JsonPropertyName("features_seconds"), Description("From the arrival until the features were there.")] double FeaturesSeconds,
    [property: JsonPropertyName("inference_seconds"), Description("The model's queue and run.")] double InferenceSeconds,
    [property: JsonPropertyName("total_seconds"), Description("From the arrival until the record was handed to the log.")] double TotalSeconds);

/// <summary>A tensor of a recorded prediction.</summary>
internal sealed record OutputBody(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("datatype")] string Datatype,
    [property: JsonPropertyName("shape")] IReadOnlyList<long> Shape,
    [property: JsonPropertyName("data")] IReadOnlyList<object> Data);

/// <summary>A feature as a prediction used it.</summary>
internal sealed record UsedFeatureBody(
    [property: JsonPropertyName("value"), Description("A number or a text; null for a missing value.")] object? Value,
    [property: JsonPropertyName("age_seconds"), Description("Time since it was read from its source; 0 for what the request brought.")] double AgeSeconds,
    [property: JsonPropertyName("source"), Description("request, or the name of a view, an external service, a lookup or a transform.")] string Source,
    [property: JsonPropertyName("status"), Description("fresh, stale, default, overridden or approximate.")] string Status);

/// <summary>A refusal or failure: RFC 9457, with our code and every faulty field.</summary>
internal sealed record ProblemBody(
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("title")] string Title,
    [property: JsonPropertyName("status")] int Status,
    [property: JsonPropertyName("detail"), Description("What happened and what to do, for people.")] string Detail,
    [property: JsonPropertyName("code"), Description("What happened, for programs: InvalidInput, NotFound, QueueFull, StorageUnavailable, …")] string Code,
    [property: JsonPropertyName("traceId")] string TraceId,
    [property: JsonPropertyName("errors"), Description("The faulty fields of an invalid request.")] IReadOnlyList<FaultBody>? Errors = null);

/// <summary>One faulty field.</summary>
internal sealed record FaultBody(
    [property: JsonPropertyName("field"), Description("The field as it was sent; empty for the body as a whole.")] string Field,
    [property: JsonPropertyName("message"), Description("What is wrong with it.")] string Message,
    [property: JsonPropertyName("value"), Description("What was sent, as JSON text cut after 100 characters; null for nothing.")] string? Value);

/// <summary>A user as held in memory.</summary>
internal sealed record UserBody(
    [property: JsonPropertyName("user_id")] string UserId,
    [property: JsonPropertyName("last_sequence"), Description("The number of the user's last prediction; null until the first one since the user came into memory.")] long? LastSequence,
    [property: JsonPropertyName("features"), Description("The cached feature views.")] IReadOnlyDictionary<string, FeatureViewBody> Features,
    [property: JsonPropertyName("variants"), Description("The version that each model that predicts shows this user now.")] IReadOnlyList<UserVariantBody> Variants,
    [property: JsonPropertyName("last_predictions"), Description("The last recorded ones, the latest first; at most 10.")] IReadOnlyList<LastPredictionBody> LastPredictions);

/// <summary>What was erased of a user.</summary>
internal sealed record UserErasureBody(
    [property: JsonPropertyName("user_id")] string UserId,
    [property: JsonPropertyName("predictions"), Description("Predictions that were removed from the log, or lost their user.")] int Predictions,
    [property: JsonPropertyName("messages"), Description("Alerts and workflow triggers that were removed.")] int Messages,
    [property: JsonPropertyName("pseudonymised"), Description("Whether the predictions are still there under a random user.")] bool Pseudonymised);

/// <summary>The version of a model that a user sees.</summary>
internal sealed record UserVariantBody(
    [property: JsonPropertyName("model")] string Model,
    [property: JsonPropertyName("model_version")] string ModelVersion,
    [property: JsonPropertyName("variant"), Description("default or canary.")] string Variant);

/// <summary>A user's prediction in short; GET /v1/predictions/{id} has the whole.</summary>
internal sealed record LastPredictionBody(
    [property: JsonPropertyName("prediction_id")] Guid PredictionId,
    [property: JsonPropertyName("sequence")] long Sequence,
    [property: JsonPropertyName("created_at")] DateTime CreatedAt,
    [property: JsonPropertyName("model")] string Model,
    [property: JsonPropertyName("model_version")] string ModelVersion,
    [property: JsonPropertyName("variant")] string Variant,
    [property: JsonPropertyName("prediction")] double Prediction,
    [property: JsonPropertyName("info")] string Info,
    [property: JsonPropertyName("degraded")] bool Degraded);

/// <summary>A cached feature view.</summary>
internal sealed record FeatureViewBody(
    [property: JsonPropertyName("age_seconds"), Description("Time since the oldest of the values was read or pushed.")] double AgeSeconds,
    [property: JsonPropertyName("fresh"), Description("Whether a prediction would use the values as they are.")] bool Fresh,
    [property: JsonPropertyName("status"), Description("fresh; stale: they are read again, or said to be old; default: the user has no row.")] string Status,
    [property: JsonPropertyName("event_time"), Description("The latest event time that was pushed or read; null where none is known.")] DateTime? EventTime,
    [property: JsonPropertyName("values")] IReadOnlyDictionary<string, object?> Values);

/// <summary>The answer to a health check.</summary>
internal sealed record HealthBody([property: JsonPropertyName("status")] string Status);
