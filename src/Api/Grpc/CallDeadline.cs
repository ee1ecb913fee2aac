using Grpc.Core;

namespace OrleansInference.Api.Grpc;

/// <summary>A call's deadline as a time budget.</summary>
internal static class CallDeadline
{
    /// <summary>What is left of the caller's time; null where the caller set no deadline.</summary>
    /// <exception cref="InferenceException">DeadlineExceeded: nothing is left, so nothing is begun.</exception>
    public static TimeSpan? ReadTimeLeft(this ServerCallContext call, TimeProvider time)
    {
        if (call.Deadline == DateTime.MaxValue) return null;

        var left = call.Deadline - time.GetUtcNow().UtcDateTime;
        return left > TimeSpan.Zero
            ? left
            : throw new InferenceException(InferenceErrorCode.DeadlineExceeded, "The call's deadline had passed before its work began; nothing was done. Set a later one, or see what held the call up.");
    }
}
