using OrleansInference.Grains.Models.Shadowing;

namespace OrleansInference.Grains.Models.Routing;

/// <summary>Who answers a request that asks for no version: the default or the canary; and the shadow that gets a copy.</summary>
internal sealed class ModelRollout(IServedVersion @default, IServedVersion? canaryVersion, Canary? canary, Shadow? shadow)
{
    public Canary? Canary => canary;

    public Shadow? Shadow => shadow;

    /// <summary>Computes by the version whose turn it is. The caller holds both.</summary>
    public Task<InferenceResponse> InferAsync(InferenceRequest request, CancellationToken cancellationToken)
    {
        if (canary?.Takes(request.RoutingKey) is true) return InferCanaryAsync(request, cancellationToken);
        return shadow is null ? @default.InferAsync(request, cancellationToken) : InferAndCopyAsync(shadow, request, cancellationToken);
    }

    /// <summary>Ends what the state that follows does not go on with.</summary>
    public void Leave(ModelRollout? next)
    {
        if (canary?.Monitor is { } monitor && monitor != next?.Canary?.Monitor) monitor.Dispose();
        if (shadow is not null && shadow != next?.Shadow) shadow.Dispose();
    }

    private async Task<InferenceResponse> InferCanaryAsync(InferenceRequest request, CancellationToken cancellationToken) =>
        await canaryVersion!.InferAsync(request, cancellationToken) with { Variant = ModelVariant.Canary };

    private async Task<InferenceResponse> InferAndCopyAsync(Shadow copied, InferenceRequest request, CancellationToken cancellationToken)
    {
        var answer = await @default.InferAsync(request, cancellationToken);
        copied.Offer(request, answer);
        return answer;
    }
}
