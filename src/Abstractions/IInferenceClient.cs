namespace OrleansInference;

/// <summary>The service as a .NET application sees it: inside a silo's process or through a gateway. REST and gRPC translate to it.</summary>
public interface IInferenceClient
{
    /// <summary>Most requests of one batch of predictions.</summary>
    const int MaxBatch = 1_000;

    /// <summary>Predicts for one user. When the task completes, the prediction is on disk.</summary>
    /// <remarks>
    /// A prediction whose silo dies is asked for again. A request that comes again with its <see cref="PredictionRequest.PredictionId"/>
    /// or <see cref="PredictionRequest.IdempotencyKey"/> has the first one's answer.
    /// </remarks>
    /// <exception cref="InferenceException">Whatever the reason, with its code.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task<Prediction> PredictAsync(PredictionRequest request, CancellationToken cancellationToken = default);

    /// <summary>Predicts for up to 1,000 requests, of different users at the same time and of one user in their order; a failure is its request's own.</summary>
    /// <returns>The results, in the order of the requests.</returns>
    /// <exception cref="InferenceException">InvalidInput: there are more.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task<IReadOnlyList<PredictionResult>> PredictBatchAsync(IReadOnlyList<PredictionRequest> requests, CancellationToken cancellationToken = default);

    /// <summary>Every fault of a request, without predicting; none for a request that can be answered.</summary>
    /// <exception cref="InferenceException">There is no such model.</exception>
    Task<IReadOnlyList<FieldError>> ValidateAsync(PredictionRequest request);

    /// <summary>A prediction as it was recorded, with every feature that it used.</summary>
    /// <exception cref="InferenceException">NotFound, or StorageUnavailable.</exception>
    Task<RecordedPrediction> GetPredictionAsync(Guid predictionId);

    /// <summary>Says what a prediction turned out to be, or corrects it; the same label again changes nothing.</summary>
    /// <param name="predictionId">The prediction.</param>
    /// <param name="label">1 for true and 0 for false, or the number that was to be predicted.</param>
    /// <exception cref="InferenceException">NotFound, InvalidInput or StorageUnavailable.</exception>
    Task<RecordedOutcome> RecordOutcomeAsync(Guid predictionId, double label);

    /// <summary>How a model's versions do by the labels that came.</summary>
    /// <exception cref="InferenceException">NotFound: there is no such model. StorageUnavailable.</exception>
    Task<IReadOnlyList<ModelQuality>> GetQualityAsync(QualityQuery query);

    /// <summary>Scores a prediction's recorded input again: by a version's number or label, or by the recorded version.</summary>
    /// <exception cref="InferenceException">NotFound: the prediction, or the version, naming what is served. InvalidInput or StorageUnavailable.</exception>
    Task<ReplayedPrediction> ReplayAsync(Guid predictionId, string? version = null, CancellationToken cancellationToken = default);

    /// <summary>The names of the features that a model's recorded predictions have.</summary>
    /// <exception cref="InferenceException">NotFound: there is no such model. StorageUnavailable.</exception>
    Task<IReadOnlyList<string>> GetExportNamesAsync(ExportQuery query);

    /// <summary>The same with their types, for which the whole range is read.</summary>
    /// <exception cref="InferenceException">NotFound: there is no such model. StorageUnavailable.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task<IReadOnlyList<ExportFeature>> GetExportFeaturesAsync(ExportQuery query, CancellationToken cancellationToken = default);

    /// <summary>A model's recorded predictions by the time of their record, with their latest outcome: the training set as it was served.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    IAsyncEnumerable<RecordedPrediction> ExportAsync(ExportQuery query, CancellationToken cancellationToken = default);

    /// <summary>What the service knows of a user: cached features, the versions that the user sees, the last predictions.</summary>
    /// <exception cref="InferenceException">The user id is invalid, or StorageUnavailable.</exception>
    Task<UserState> GetUserAsync(string userId);

    /// <summary>Sets values of one of a user's feature views, which the user's next prediction uses; unless something later is known.</summary>
    /// <exception cref="InferenceException">NotFound: there is no such view, and which there are. InvalidInput: nothing is changed.</exception>
    Task<FeaturePushResult> PushFeaturesAsync(string userId, string view, FeaturePush push, CancellationToken cancellationToken = default);

    /// <summary>Has the cached values of one of a user's feature views read again before they are used.</summary>
    /// <exception cref="InferenceException">NotFound: there is no such view, and which there are. The user id is invalid.</exception>
    Task InvalidateFeaturesAsync(string userId, string view, CancellationToken cancellationToken = default);

    /// <summary>Reads a user's feature views for a model ahead of the user's first prediction. When the task completes, they are in memory.</summary>
    /// <exception cref="InferenceException">NotFound: there is no such model. The user id is invalid, or StorageUnavailable.</exception>
    Task<PrefetchedFeatures> PrefetchAsync(string userId, string? model = null, CancellationToken cancellationToken = default);

    /// <summary>Removes everything that is kept of a user: in memory, in the log and in the outbox. When the task completes, it is gone.</summary>
    /// <exception cref="InferenceException">The user id is invalid; or StorageUnavailable: a part may be left, and a retry removes it.</exception>
    Task<UserErasure> EraseUserAsync(string userId, CancellationToken cancellationToken = default);

    /// <summary>Runs a model on raw tensors: no features, no record.</summary>
    /// <exception cref="InferenceException">Whatever the reason, with its code.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task<InferenceResponse> InferAsync(string model, InferenceRequest request, CancellationToken cancellationToken = default);

    /// <summary>A model and the tensors of one version: its number, a label, or null for the default.</summary>
    /// <exception cref="InferenceException">NotFound, or NotReady while it loads.</exception>
    Task<ModelDescription> GetModelAsync(string model, string? version = null);

    /// <summary>Whether that version is loaded and warm.</summary>
    /// <exception cref="InferenceException">NotFound.</exception>
    Task<bool> IsModelReadyAsync(string model, string? version = null);

    /// <summary>The model's manifest as it is in effect, defaults filled in: JSON.</summary>
    /// <exception cref="InferenceException">NotFound, or NotReady while it loads.</exception>
    Task<string> GetModelConfigAsync(string model);

    /// <summary>Every version of every model in the repository and in memory.</summary>
    Task<IReadOnlyList<ModelIndexEntry>> ListModelsAsync();

    /// <summary>What the versions in memory have done: of one model or of all, of one version or of all.</summary>
    /// <exception cref="InferenceException">NotFound.</exception>
    Task<IReadOnlyList<ModelStatistics>> GetStatisticsAsync(string? model = null, string? version = null);

    /// <summary>Whether the models that load at the start are loaded and warm.</summary>
    Task<bool> IsReadyAsync();

    /// <summary>Reads the model's folder again and serves what is there; answers when every active silo does, or names those that do not.</summary>
    /// <exception cref="InferenceException">NotFound: the repository has no such model. ModelFailed: it cannot be loaded, and why.</exception>
    Task<ModelChange> LoadModelAsync(string model);

    /// <summary>Stops serving the model until it is loaded again, also after a restart.</summary>
    /// <exception cref="InferenceException">NotFound: the repository has no such model.</exception>
    Task<ModelChange> UnloadModelAsync(string model);
}
