namespace OrleansInference;

/// <summary>One user: their features, their predictions in order. Key: see <see cref="UserKey"/>.</summary>
[Alias("inference.user")]
public interface IUserGrain : IGrainWithStringKey
{
    /// <summary>The whole path: features, inference, durable record and outbox, reply.</summary>
    /// <exception cref="InferenceException">Whatever the reason, with its code.</exception>
    [Alias("predict"), ResponseTimeout("00:00:30")]
    Task<Prediction> PredictAsync(PredictionRequest request, CancellationToken cancellationToken);

    /// <summary>What the grain holds, read without touching a database.</summary>
    [Alias("get-state"), ResponseTimeout("00:00:30")]
    Task<UserState> GetStateAsync();
}
