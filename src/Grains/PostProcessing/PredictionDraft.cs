using OrleansInference.Grains.Features;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Grains.PostProcessing;

/// <summary>A prediction and everything that it was made from, before it has its place among the user's records.</summary>
public sealed record PredictionDraft
{
    public required PredictPlan Plan { get; init; }

    public required PredictionRequest Request { get; init; }

    public required BoundRequest Bound { get; init; }

    public required FeatureVector Features { get; init; }

    public required InferenceResponse Inference { get; init; }

    public required Prediction Prediction { get; init; }

    public required PredictionTimes Times { get; init; }

    /// <summary>The event that the prediction was; null for a question.</summary>
    public RecordedEvent? Event { get; init; }

    /// <summary>The record under a number; its body is made here, its messages were made before.</summary>
    public PredictionRecord ToRecord(string user, long sequence, RecordChain chain, IReadOnlyList<OutboxMessage> messages, DateTimeOffset now) => new()
    {
        Id = Prediction.PredictionId,
        User = user,
        Sequence = sequence,
        Model = Plan.Model,
        Version = Prediction.ModelVersion,
        Variant = Inference.Variant,
        IdempotencyKey = Request.IdempotencyKey,
        CreatedAt = now,
        Schema = Plan.Schema,
        Body = PredictionBody.Encode(Plan.Schema.Id, Prediction, Features, Inference.Outputs, Times, RequestFingerprint.Of(Plan.Request, Request), Event),
        IsEvent = Event is not null,
        Messages = messages,
        Chain = chain,
    };
}
