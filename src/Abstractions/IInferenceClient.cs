namespace OrleansInference;

/// <summary>The service as a .NET application sees it: inside a silo's process or through a gateway.</summary>
public interface IInferenceClient
{
    /// <summary>Predicts for one user. When the task completes, the prediction is on disk.</summary>
    /// <exception cref="InferenceException">Whatever the reason, with its code.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task<Prediction> PredictAsync(PredictionRequest request, CancellationToken cancellationToken = default);

    /// <summary>Every fault of a request, without predicting; none for a request that can be answered.</summary>
    /// <exception cref="InferenceException">There is no such model.</exception>
    Task<IReadOnlyList<FieldError>> ValidateAsync(PredictionRequest request);

    /// <summary>What the user's grain holds in memory.</summary>
    /// <exception cref="InferenceException">The user id is invalid.</exception>
    Task<UserState> GetUserAsync(string userId);
}
