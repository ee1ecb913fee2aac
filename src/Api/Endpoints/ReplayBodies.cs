using System.ComponentModel;
using System.Text.Json.Serialization;

namespace OrleansInference.Api.Endpoints;

/// <summary>Which recorded predictions to score again, as documented here; <see cref="Json.ReplayQueryReader"/> reads it.</summary>
internal sealed record StartReplayBody
{
    [JsonPropertyName("version"), JsonRequired, Description("The version that scores: its number, or a label.")]
    public string Version { get; init; } = "";

    [JsonPropertyName("from"), Description("Recorded at or after this, ISO 8601.")]
    public DateTime? From { get; init; }

    [JsonPropertyName("to"), Description("Recorded before this, ISO 8601. Default: now.")]
    public DateTime? To { get; init; }

    [JsonPropertyName("limit"), Description("At most so many, the earliest. Default: all.")]
    public long? Limit { get; init; }
}

/// <summary>A replay of a time range: how far it is, and what it found so far.</summary>
internal sealed record ReplayReportBody(
    [property: JsonPropertyName("replay_id")] Guid ReplayId,
    [property: JsonPropertyName("model")] string Model,
    [property: JsonPropertyName("model_version"), Description("The version that scores.")] string ModelVersion,
    [property: JsonPropertyName("from")] DateTime? From,
    [property: JsonPropertyName("to")] DateTime To,
    [property: JsonPropertyName("state"), Description("running, completed, cancelled or failed.")] string State,
    [property: JsonPropertyName("fault"), Description("Why it failed; null where it did not.")] string? Fault,
    [property: JsonPropertyName("total"), Description("Predictions in the range when it began.")] long Total,
    [property: JsonPropertyName("done"), Description("Those that it is through with, failures among them.")] long Done,
    [property: JsonPropertyName("started_at")] DateTime StartedAt,
    [property: JsonPropertyName("ended_at"), Description("Null while it runs.")] DateTime? EndedAt,
    [property: JsonPropertyName("failures"), Description("Predictions that could not be scored.")] long Failures,
    [property: JsonPropertyName("first_failures"), Description("The first of them, at most ten.")] IReadOnlyList<ReplayFailureBody> FirstFailures,
    [property: JsonPropertyName("versions"), Description("What was found, by the version that had answered.")] IReadOnlyList<ReplayComparisonBody> Versions);

/// <summary>A prediction that could not be scored again.</summary>
internal sealed record ReplayFailureBody([property: JsonPropertyName("prediction_id")] Guid PredictionId, [property: JsonPropertyName("reason")] string Reason);

/// <summary>The predictions of one recorded version beside the new ones.</summary>
internal sealed record ReplayComparisonBody(
    [property: JsonPropertyName("model_version"), Description("The version that had answered.")] string ModelVersion,
    [property: JsonPropertyName("count")] long Count,
    [property: JsonPropertyName("bit_equal"), Description("Predictions whose outputs are the recorded ones, bit by bit.")] long BitEqual,
    [property: JsonPropertyName("mean_recorded")] double MeanRecorded,
    [property: JsonPropertyName("mean_replayed")] double MeanReplayed,
    [property: JsonPropertyName("mean_difference"), Description("Mean of the absolute differences.")] double MeanDifference,
    [property: JsonPropertyName("max_difference")] double MaxDifference,
    [property: JsonPropertyName("differences"), Description("Predictions by their absolute difference; each bin begins above the end of the one before it.")] IReadOnlyList<DifferenceBinBody> Differences,
    [property: JsonPropertyName("rules"), Description("What would change for the model's alerts and workflows.")] IReadOnlyList<RuleCrossingsBody> Rules,
    [property: JsonPropertyName("largest"), Description("The predictions that differ most, at most ten.")] IReadOnlyList<ReplayExampleBody> Largest);

/// <summary>Predictions that differ about as much.</summary>
internal sealed record DifferenceBinBody([property: JsonPropertyName("up_to"), Description("Null for no limit.")] double? UpTo, [property: JsonPropertyName("count")] long Count);

/// <summary>How a rule would have fired, quiet periods aside.</summary>
internal sealed record RuleCrossingsBody(
    [property: JsonPropertyName("rule")] string Rule,
    [property: JsonPropertyName("recorded"), Description("Recorded predictions that match it.")] long Recorded,
    [property: JsonPropertyName("replayed"), Description("New ones that do.")] long Replayed,
    [property: JsonPropertyName("raised"), Description("Predictions that match it only now.")] long Raised,
    [property: JsonPropertyName("dropped"), Description("Predictions that match it no more.")] long Dropped);

/// <summary>One prediction, then and now.</summary>
internal sealed record ReplayExampleBody(
    [property: JsonPropertyName("prediction_id")] Guid PredictionId,
    [property: JsonPropertyName("recorded")] double Recorded,
    [property: JsonPropertyName("replayed")] double Replayed);
