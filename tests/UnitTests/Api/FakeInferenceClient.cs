using OrleansInference;

namespace UnitTests.Api;

/// <summary>A client that finds the given faults in every request.</summary>
internal sealed class FakeInferenceClient(params FieldError[] faults) : IInferenceClient
{
    public PredictionRequest? Validated { get; private set; }

    /// <summary>Runs before the faults are told.</summary>
    public Action? OnValidate { get; init; }

    /// <summary>What an export holds; its only feature is <c>request.amount</c>.</summary>
    public IAsyncEnumerable<RecordedPrediction>? Exported { get; init; }

    public Task<IReadOnlyList<FieldError>> ValidateAsync(PredictionRequest request)
    {
        Validated = request;
        OnValidate?.Invoke();
        return Task.FromResult<IReadOnlyList<FieldError>>(faults);
    }

    public Task<Prediction> PredictAsync(PredictionRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<IReadOnlyList<PredictionResult>> PredictBatchAsync(IReadOnlyList<PredictionRequest> requests, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<RecordedPrediction> GetPredictionAsync(Guid predictionId) => throw new NotSupportedException();

    public Task<UserState> GetUserAsync(string userId) => throw new NotSupportedException();

    public Task<RecordedOutcome> RecordOutcomeAsync(Guid predictionId, double label) => throw new NotSupportedException();

    public Task<IReadOnlyList<ModelQuality>> GetQualityAsync(QualityQuery query) => throw new NotSupportedException();

    public Task<ReplayedPrediction> ReplayAsync(Guid predictionId, string? version = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<IReadOnlyList<string>> GetExportNamesAsync(ExportQuery query) => Task.FromResult<IReadOnlyList<string>>(["request.amount"]);

    public Task<IReadOnlyList<ExportFeature>> GetExportFeaturesAsync(ExportQuery query, CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<ExportFeature>>([new("request.amount", IsText: false)]);

    public IAsyncEnumerable<RecordedPrediction> ExportAsync(ExportQuery query, CancellationToken cancellationToken = default) => Exported ?? throw new NotSupportedException();

    public Task<FeaturePushResult> PushFeaturesAsync(string userId, string view, FeaturePush push, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task InvalidateFeaturesAsync(string userId, string view, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<PrefetchedFeatures> PrefetchAsync(string userId, string? model, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<UserErasure> EraseUserAsync(string userId, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<InferenceResponse> InferAsync(string model, InferenceRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<ModelDescription> GetModelAsync(string model, string? version = null) => throw new NotSupportedException();

    public Task<bool> IsModelReadyAsync(string model, string? version = null) => throw new NotSupportedException();

    public Task<string> GetModelConfigAsync(string model) => throw new NotSupportedException();

    public Task<IReadOnlyList<ModelIndexEntry>> ListModelsAsync() => throw new NotSupportedException();

    public Task<IReadOnlyList<ModelStatistics>> GetStatisticsAsync(string? model = null, string? version = null) => throw new NotSupportedException();

    public Task<bool> IsReadyAsync() => throw new NotSupportedException();

    public Task<ModelChange> LoadModelAsync(string model) => throw new NotSupportedException();

    public Task<ModelChange> UnloadModelAsync(string model) => throw new NotSupportedException();
}
