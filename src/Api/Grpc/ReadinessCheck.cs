using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OrleansInference.Api.Grpc;

/// <summary>What gRPC's health service answers: serving while the program is up and the models that load at the start are warm.</summary>
internal sealed class ReadinessCheck(IInferenceClient client, IHostApplicationLifetime lifetime) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (!lifetime.ApplicationStarted.IsCancellationRequested || lifetime.ApplicationStopping.IsCancellationRequested) return HealthCheckResult.Unhealthy();
        return await client.IsReadyAsync() ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy();
    }
}
