using Microsoft.Extensions.Diagnostics.HealthChecks;
using OrleansInference.Silo.WarmUp;

namespace OrleansInference.Api;

/// <summary>Whether requests are welcome: the program is up, the models that load at the start are warm, and so is the way to them. Every protocol's answer.</summary>
/// <param name="client">Knows of the models.</param>
/// <param name="lifetime">Knows of the program.</param>
/// <param name="warmUp">Knows of the way; null where nothing warms it up.</param>
internal sealed class Readiness(IInferenceClient client, IHostApplicationLifetime lifetime, IPathWarmUp? warmUp = null) : IHealthCheck
{
    private const string Loading = "The models that load at the start are not all loaded and warm. Ask again; POST /v2/repository/index tells the state of each.";
    private const string Starting = "The service is starting or stopping. Ask again.";

    private const string WarmingUp = "The service is warming up, for Inference:WarmUp:Duration at most. Ask again.";

    // Longer than any answer takes, shorter than any probe waits.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Null when they are.</summary>
    public async Task<string?> WhyNotAsync()
    {
        if (!lifetime.ApplicationStarted.IsCancellationRequested || lifetime.ApplicationStopping.IsCancellationRequested) return Starting;
        try
        {
            if (!await client.IsReadyAsync().WaitAsync(Patience)) return Loading;
            return warmUp?.Completion.IsCompleted is false ? WarmingUp : null;
        }
        catch (Exception e) when (ErrorMapping.ToInferenceException(e).Code is not InferenceErrorCode.Internal)
        {
            return Starting;
        }
    }

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        await WhyNotAsync() is { } reason ? HealthCheckResult.Unhealthy(reason) : HealthCheckResult.Healthy();
}
