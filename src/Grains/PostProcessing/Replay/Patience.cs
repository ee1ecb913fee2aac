namespace OrleansInference.Grains.PostProcessing.Replay;

/// <summary>Tries again what is only unavailable just now, for as long as it has patience.</summary>
internal sealed class Patience(TimeSpan longest, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task<T> TryAsync<T>(Func<Task<T>> action, CancellationToken cancellationToken)
    {
        var startedAt = time.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return await action();
            }
            catch (InferenceException e) when (IsTransient(e.Code) && time.GetElapsedTime(startedAt) < longest)
            {
                await Task.Delay(e.RetryAfter ?? Pause, time, cancellationToken);
            }
        }
    }

    private static bool IsTransient(InferenceErrorCode code) => code is
        InferenceErrorCode.QueueFull or InferenceErrorCode.NotReady or InferenceErrorCode.StorageUnavailable or InferenceErrorCode.DeadlineExceeded;
}
