using Microsoft.Extensions.Options;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing;

namespace OrleansInference.Grains.Users;

/// <summary>The answers that the log has: what was predicted once for a user is answered again, not predicted again.</summary>
internal sealed class RecordedReplies(IPredictionLog log, IOptions<IdempotencyOptions> options, TimeProvider time)
{
    /// <summary>The recorded answer to a request that comes again; null for a new one.</summary>
    /// <exception cref="InferenceException">IdempotencyConflict: its id or key belongs to another request.</exception>
    public async ValueTask<Prediction?> FindAsync(string user, PredictPlan plan, PredictionRequest request, CancellationToken cancellationToken)
    {
        if (request.MayBeRecorded && await log.ReadAsync(request.PredictionId).WaitAsync(cancellationToken) is { } same) return Read(same, user, plan, request);
        return request.IdempotencyKey is { } key ? await FindByKeyAsync(user, key, plan, request, cancellationToken) : null;
    }

    /// <summary>The answer that the log had already when it was handed this request's record.</summary>
    /// <exception cref="InferenceException">IdempotencyConflict; NotReady where it has gone in this very moment.</exception>
    public async ValueTask<Prediction> GetAsync(string user, PredictPlan plan, PredictionRequest request, CancellationToken cancellationToken) =>
        await FindAsync(user, plan, request with { MayBeRecorded = true }, cancellationToken)
        ?? throw new InferenceException(InferenceErrorCode.NotReady, $"Prediction {request.PredictionId} was recorded and erased meanwhile. Retry.", TimeSpan.FromSeconds(1));

    private async ValueTask<Prediction?> FindByKeyAsync(string user, string key, PredictPlan plan, PredictionRequest request, CancellationToken cancellationToken)
    {
        if (await log.ReadByKeyAsync(user, plan.Model, key).WaitAsync(cancellationToken) is not { } record) return null;
        if (record.CreatedAt + options.Value.KeyLifetime > time.GetUtcNow()) return Read(record, user, plan, request);
        await log.ReleaseKeyAsync(record.Id).WaitAsync(cancellationToken);
        return null;
    }

    private static Prediction Read(PredictionRecord record, string user, PredictPlan plan, PredictionRequest request)
    {
        var body = PredictionBody.Decode(record.Body);
        if (record.User != user || record.Model != plan.Model || body.Fingerprint != RequestFingerprint.Of(plan.Request, request)) throw Conflict(record, request);
        return new Prediction
        {
            PredictionId = record.Id,
            Value = body.Prediction,
            Info = body.Info,
            Model = record.Model,
            ModelVersion = record.Version,
            Degraded = body.IsDegraded,
            Details = request.Details ? RecordedPredictions.ToDetails(record, body) : null,
        };
    }

    private static InferenceException Conflict(PredictionRecord record, PredictionRequest request)
    {
        var name = record.Id == request.PredictionId ? $"prediction id {record.Id}" : $"idempotency key '{FieldError.Quote(request.IdempotencyKey!)}'";
        return new InferenceException(
            InferenceErrorCode.IdempotencyConflict, $"The {name} was used before, for a request with another body. Send that body again for its answer, or use a new one.");
    }
}
