using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models.Shadowing;

/// <summary>A version as a shadow runs it: without its batcher, on threads that nobody else wants, and only until somebody does.</summary>
internal sealed class SpareVersion(string model, IServedVersion inner, IModelSession session, Func<Action<CancellationToken>, bool> tryQueueSpare) : DelegatingVersion(inner)
{
    /// <exception cref="InferenceException">QueueFull: too much spare work waits already.</exception>
    /// <exception cref="OperationCanceledException">A thread was wanted, or the caller cancelled.</exception>
    public override Task<InferenceResponse> InferAsync(InferenceRequest request, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<InferenceResponse>(TaskCreationOptions.RunContinuationsAsynchronously);
        return tryQueueSpare(wanted => Run(request, answer, wanted, cancellationToken))
            ? answer.Task
            : throw new InferenceException(InferenceErrorCode.QueueFull, $"No thread is free for copies of {model}'s requests. More threads (Inference:Models:Threads) or fewer requests would leave one.");
    }

    private void Run(InferenceRequest request, TaskCompletionSource<InferenceResponse> answer, CancellationToken wanted, CancellationToken cancellationToken)
    {
        try
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(wanted, cancellationToken);
            answer.SetResult(new InferenceResponse { Version = Version, Outputs = session.Run(request.Inputs, ended.Token) });
        }
        catch (OperationCanceledException)
        {
            answer.SetCanceled(cancellationToken.IsCancellationRequested ? cancellationToken : wanted);
        }
        catch (Exception e)
        {
            answer.SetException(e);
        }
    }
}
