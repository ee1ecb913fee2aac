namespace OrleansInference;

/// <summary>Fans a batch of predictions out to their users.</summary>
/// <remarks>Users are asked at the same time; the requests of one user in their order, each after the one before it.</remarks>
internal sealed class PredictionBatch(IReadOnlyList<PredictionRequest> requests, Func<PredictionRequest, CancellationToken, Task<Prediction>> predict, TimeProvider time)
{
    private readonly PredictionResult[] _results = new PredictionResult[requests.Count];
    private readonly long _startedAt = time.GetTimestamp();

    /// <exception cref="InferenceException">InvalidInput: the batch is too large.</exception>
    /// <exception cref="OperationCanceledException">The caller left.</exception>
    public async Task<IReadOnlyList<PredictionResult>> RunAsync(CancellationToken cancellationToken)
    {
        if (requests.Count > IInferenceClient.MaxBatch)
            throw InferenceException.InvalidInput(new FieldError("instances", $"must have at most {IInferenceClient.MaxBatch} requests, but has {requests.Count}; send several batches", null));

        var users = Enumerable.Range(0, requests.Count).GroupBy(i => requests[i].UserId);
        await Task.WhenAll(users.Select(user => RunAsync(user, cancellationToken)));
        return _results;
    }

    private async Task RunAsync(IEnumerable<int> indexes, CancellationToken cancellationToken)
    {
        foreach (var i in indexes) _results[i] = await RunAsync(requests[i], cancellationToken);
    }

    private async Task<PredictionResult> RunAsync(PredictionRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return PredictionResult.Of(await predict(WithTimeLeft(request), cancellationToken));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return PredictionResult.Of(e);
        }
    }

    private PredictionRequest WithTimeLeft(PredictionRequest request) =>
        request.Timeout is { } timeout ? request with { Timeout = timeout - time.GetElapsedTime(_startedAt) } : request;
}
