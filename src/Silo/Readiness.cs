using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using OrleansInference.Grains;

namespace OrleansInference.Silo;

/// <summary>Whether requests are welcome: the program is up, and the models that load at the start are warm. Every protocol's answer.</summary>
public sealed class Readiness(IInferenceClient client, IHostApplicationLifetime lifetime) : IHealthCheck
{
    /// <summary>Whole seconds until it is worth asking again, for the header Retry-After.</summary>
    public const string RetryAfter = "1";

    private const string Loading = "The models that load at the start are not all loaded and warm. Ask again; POST /v2/repository/index tells the state of each.";
    private const string Starting = "The service is starting or stopping. Ask again.";

    // Longer than any answer takes, shorter than any probe waits.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Null when they are.</summary>
    public async Task<string?> WhyNotAsync()
    {
        if (!lifetime.ApplicationStarted.IsCancellationRequested || lifetime.ApplicationStopping.IsCancellationRequested) return Starting;
        try
        {
            return await client.IsReadyAsync().WaitAsync(Patience) ? null : Loading;
        }
        catch (Exception e) when (e is InferenceException or OrleansException or TimeoutException or OperationCanceledException)
        {
            return Starting;
        }
    }

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        await WhyNotAsync() is { } reason ? HealthCheckResult.Unhealthy(reason) : HealthCheckResult.Healthy();
}
