namespace OrleansInference;

/// <summary>One user: their features, their predictions in order. Key: see <see cref="UserKey"/>.</summary>
[Alias("inference.user")]
public interface IUserGrain : IGrainWithStringKey
{
    /// <summary>The whole path: features, inference, durable record and outbox, reply. A repeat joins the attempt under way, or has the recorded reply.</summary>
    /// <remarks>The request has its <see cref="PredictionRequest.PredictionId"/>; <see cref="IInferenceClient"/> mints it.</remarks>
    /// <exception cref="InferenceException">Whatever the reason, with its code.</exception>
    [Alias("predict"), ResponseTimeout("00:00:30")]
    Task<Prediction> PredictAsync(PredictionRequest request, CancellationToken cancellationToken);

    /// <summary>What the grain holds, and the user's last predictions from the log.</summary>
    /// <exception cref="InferenceException">StorageUnavailable.</exception>
    [Alias("get-state"), ResponseTimeout("00:00:30")]
    Task<UserState> GetStateAsync();

    /// <summary>Sets values of a feature view that later predictions of this user use, unless something later is known.</summary>
    /// <exception cref="InferenceException">NotFound, naming the views; InvalidInput, and nothing is changed.</exception>
    [Alias("push-features"), ResponseTimeout("00:00:30")]
    Task<FeaturePushResult> PushFeaturesAsync(string view, FeaturePush push, CancellationToken cancellationToken);

    /// <summary>Makes the cached values of a feature view stale: they are read again before they are used.</summary>
    /// <exception cref="InferenceException">NotFound, naming the views.</exception>
    [Alias("invalidate-features"), ResponseTimeout("00:00:30")]
    Task InvalidateFeaturesAsync(string view, CancellationToken cancellationToken);

    /// <summary>Reads the feature views of a model that are not fresh; null for the default model. Answers when they are in memory.</summary>
    /// <exception cref="InferenceException">NotFound, or StorageUnavailable.</exception>
    [Alias("prefetch"), ResponseTimeout("00:01:30")]
    Task<PrefetchedFeatures> PrefetchAsync(string? model, CancellationToken cancellationToken);

    /// <summary>Removes everything that is kept of the user: in memory, in the log and in the outbox. Answers when it is done.</summary>
    /// <remarks>Predictions under way end first; those that come meanwhile wait.</remarks>
    /// <exception cref="InferenceException">StorageUnavailable: a part may be left; a retry removes it.</exception>
    [Alias("erase"), ResponseTimeout("00:05:00")]
    Task<UserErasure> EraseAsync(CancellationToken cancellationToken);
}
