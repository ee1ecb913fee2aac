using System.Collections.Concurrent;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;

namespace OrleansInference;

/// <summary>Asks a user's grain again where a silo's death, or the user's move to another one, left a prediction unanswered.</summary>
/// <remarks>
/// Every attempt bears the same prediction id, so a further one joins the one under way or has its recorded answer: nothing is
/// predicted, recorded or alerted twice.
/// </remarks>
internal sealed class PredictionAttempts(PredictionAttemptOptions options, TimeProvider time)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50);

    // As many as ever waited at the same time.
    private readonly ConcurrentQueue<AnswerWait> _idleWaits = new();

    public async Task<Prediction> PredictAsync(IUserGrain user, PredictionRequest request, CancellationToken cancellationToken)
    {
        if (request.Timeout <= TimeSpan.Zero) throw Spent(request);
        var (startedAt, failures, wasNotReady) = (time.GetTimestamp(), 0, false);
        var deadline = request.Timeout < options.Deadline ? request.Timeout.Value : options.Deadline;

        // A dead silo answers nothing, and it takes the cluster some seconds to know.
        var attempt = Min(options.AttemptTimeout ?? deadline / 3, deadline);
        var answer = user.PredictAsync(request, cancellationToken);
        while (true)
        {
            await AnswerWait.BeginAsync(answer, Min(attempt, Left(startedAt, deadline)), _idleWaits, time, cancellationToken);
            if (!answer.IsCompleted)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Left(startedAt, deadline) == TimeSpan.Zero) throw Late(request, deadline);

                // Beside the first, which may be at work all the same: then this one joins it.
                answer = FirstAnswerAsync(answer, user.PredictAsync(Further(request, Left(startedAt, deadline)), cancellationToken));
                continue;
            }

            try
            {
                return await answer;
            }
            catch (Exception e) when (CanRetry(e, wasNotReady) && Left(startedAt, deadline) > TimeSpan.Zero)
            {
                wasNotReady |= e is InferenceException;
                await Task.Delay(Min(Pause(failures++), Left(startedAt, deadline)), time, cancellationToken);
                answer = user.PredictAsync(Further(request, Left(startedAt, deadline)), cancellationToken);
            }
        }
    }

    // Never negative: an attempt that is not waited for at all has its answer taken where it is there already.
    private TimeSpan Left(long startedAt, TimeSpan deadline) => deadline - time.GetElapsedTime(startedAt) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    // An attempt that is made as the time ends has a moment all the same: zero would be no time at all.
    private static PredictionRequest Further(PredictionRequest request, TimeSpan left) =>
        request with { MayBeRecorded = true, Timeout = request.Timeout is null ? null : Max(left, ShortestPause) };

    private static InferenceException Spent(PredictionRequest request) => new(
        InferenceErrorCode.DeadlineExceeded, $"The time that the caller allowed ({request.Timeout}) was over before the work began; nothing was done. Allow more.");

    private static InferenceException Late(PredictionRequest request, TimeSpan deadline) => new(
        InferenceErrorCode.DeadlineExceeded,
        $"Prediction {request.PredictionId} was not answered within the {deadline.TotalMilliseconds} ms that {(deadline == request.Timeout ? "its caller" : "Inference:Predictions:Deadline")} allowed; it may have been recorded all the same. Look it up by its id, or repeat the request.");

    private static async Task<Prediction> FirstAnswerAsync(Task<Prediction> first, Task<Prediction> second)
    {
        var earlier = await Task.WhenAny(first, second);
        return earlier.IsCompletedSuccessfully ? await earlier : await (earlier == first ? second : first);
    }

    // What a silo says of itself while it starts is told at once; what it says of a user who moved is over by the next call.
    private static bool CanRetry(Exception failure, bool wasNotReady) => failure switch
    {
        InferenceException { Code: InferenceErrorCode.NotReady } => !wasNotReady,
        SiloUnavailableException or OrleansMessageRejectionException or ConnectionFailedException => true,
        _ => false,
    };

    private static TimeSpan Pause(int failures) => failures == 0 ? TimeSpan.Zero : Min(ShortestPause * Math.Pow(2, Math.Min(failures, 10)), LongestPause);

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
