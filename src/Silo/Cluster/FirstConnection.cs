using OrleansInference.Grains;

namespace OrleansInference.Silo.Cluster;

/// <summary>A client's wait for its first silo: whoever starts first waits for the others.</summary>
internal sealed class FirstConnection(InferenceClusterOptions options, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly long _startedAt = time.GetTimestamp();

    /// <exception cref="InferenceStartupException">None came within StartTimeout.</exception>
    public async Task<bool> ShouldRetryAsync(Exception failure, CancellationToken cancellationToken)
    {
        if (failure is InferenceStartupException) return false;
        if (time.GetElapsedTime(_startedAt) >= options.StartTimeout)
        {
            throw new InferenceStartupException(
                $"No silo of cluster {options.ClusterId} (service {options.ServiceId}) can be reached. Start one with Inference:Mode=Cluster, or correct Inference:Cluster:Redis, :ClusterId and :ServiceId (Inference:Cluster:StartTimeout = {options.StartTimeout}).");
        }

        await Task.Delay(Pause, time, cancellationToken);
        return true;
    }
}
