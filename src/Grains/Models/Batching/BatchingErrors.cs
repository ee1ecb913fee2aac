namespace OrleansInference.Grains.Models.Batching;

/// <summary>What the batcher tells those whom it does not serve.</summary>
internal sealed class BatchingErrors(string model, int version, BatchingOptions options)
{
    /// <summary>The request alone is more than the queue takes.</summary>
    public InferenceException TooLarge(long rows) => new(
        InferenceErrorCode.InvalidInput,
        $"The request has {rows} rows, but the queue of {model}/{version} takes {options.MaxQueueLength} at most (batching.maxQueueLength). Send it in several requests, or raise batching.maxQueueLength in models/{model}/model.json.");

    public InferenceException QueueFull(int waiting, int rows, TimeSpan retryAfter) => new(
        InferenceErrorCode.QueueFull,
        $"The queue of {model}/{version} is full (batching.maxQueueLength = {options.MaxQueueLength} rows; {waiting} wait, the request has {rows}). Raise batching.maxQueueLength in models/{model}/model.json, add silos, or slow the callers.",
        retryAfter);

    public InferenceException NotReady() => new(
        InferenceErrorCode.NotReady, $"{model}/{version} is leaving this server and takes no more requests. Ask again: another server or version, or this one once it is back.", TimeSpan.FromSeconds(1));

    public InferenceException DeadlineExceeded(TimeSpan timeout) => new(
        InferenceErrorCode.DeadlineExceeded,
        $"{model}/{version} did not answer within the {timeout.TotalMilliseconds:0.###} ms that the request gave it. Give it more time, send fewer rows, or add inference threads or silos.");
}
