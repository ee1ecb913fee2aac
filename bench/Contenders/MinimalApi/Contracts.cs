namespace MinimalApi;

internal sealed record PredictRequest(string UserId, float Amount, DateTimeOffset? At, string? RawFeature);

internal sealed record PredictResponse(string UserId, float Prediction, string Model, Guid PredictionId);
