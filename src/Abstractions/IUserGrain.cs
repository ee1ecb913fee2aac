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

    /// <summary>Removes everything that is kept of the user: in memory, in the log and in the outbox. Answers when it is done.</summary>
    /// <remarks>Predictions under way end first; those that come meanwhile wait.</remarks>
    /// <exception cref="InferenceException">StorageUnavailable: a part may be left; a retry removes it.</exception>
    [Alias("erase"), ResponseTimeout("00:05:00")]
    Task<UserErasure> EraseAsync(CancellationToken cancellationToken);
}
