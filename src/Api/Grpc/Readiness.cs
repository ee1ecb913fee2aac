using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OrleansInference.Api.Grpc;

/// <summary>Whether calls are welcome: the program is up, and the models that load at the start are warm. The health service asks too.</summary>
internal sealed class Readiness(IInferenceClient client, IHostApplicationLifetime lifetime) : IHealthCheck
{
    // Longer than any answer takes, shorter than any probe waits.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        await IsReadyAsync() ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy();

    public async Task<bool> IsReadyAsync()
    {
        if (!lifetime.ApplicationStarted.IsCancellationRequested || lifetime.ApplicationStopping.IsCancellationRequested) return false;
        try
        {
            return await client.IsReadyAsync().WaitAsync(Patience);
        }
        catch (Exception e) when (ErrorMapping.ToInferenceException(e).Code is not InferenceErrorCode.Internal)
        {
            return false;
        }
    }
}
