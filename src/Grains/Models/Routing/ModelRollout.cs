using OrleansInference.Grains.Models.Caching;
using OrleansInference.Grains.Models.Shadowing;

namespace OrleansInference.Grains.Models.Routing;

/// <summary>How a model's versions share its requests: who answers one that asks for no version, who gets a copy, what is remembered.</summary>
/// <remarks>Immutable: each state of a model has its own, and goes on with the parts of the one before that still hold.</remarks>
internal sealed class ModelRollout
{
    /// <summary>Answers who is not the canary's.</summary>
    public required IServedVersion Default { get; init; }

    /// <summary>The canary's version; null where there is no canary.</summary>
    public IServedVersion? CanaryVersion { get; init; }

    public Canary? Canary { get; init; }

    public Shadow? Shadow { get; init; }

    public PredictionCache? Cache { get; init; }

    /// <summary>All versions that serve.</summary>
    public IReadOnlyCollection<IServedVersion> Versions { get; init; } = [];

    /// <summary>Computes by the version whose turn it is. The caller holds the model.</summary>
    public Task<InferenceResponse> InferAsync(InferenceRequest request, CancellationToken cancellationToken)
    {
        if (Canary?.Takes(request.RoutingKey) is true) return InferCanaryAsync(request, cancellationToken);
        return Shadow is null ? Default.InferAsync(request, cancellationToken) : InferAndCopyAsync(Shadow, request, cancellationToken);
    }

    /// <summary>What was answered is of no use to a prediction, such as NaN: a fault of the canary's, where it was the one.</summary>
    public void OnUnusable(InferenceResponse answer)
    {
        if (answer.Variant is ModelVariant.Canary) Canary?.Monitor.RecordCanary(VersionOutcome.Unusable, TimeSpan.Zero);
    }

    /// <summary>Begins: the versions' caches and monitors are these from now on.</summary>
    public void Enter()
    {
        foreach (var version in Versions.OfType<RolloutVersion>())
        {
            var isCanary = version == CanaryVersion;
            version.Surround(Cache, isCanary || version == Default ? Canary?.Monitor : null, isCanary);
        }
    }

    /// <summary>Ends what the one that follows does not go on with.</summary>
    public void Leave(ModelRollout? next)
    {
        if (Canary?.Monitor is { } monitor && monitor != next?.Canary?.Monitor) monitor.Dispose();
        if (Shadow is not null && Shadow != next?.Shadow) Shadow.Dispose();
    }

    private async Task<InferenceResponse> InferCanaryAsync(InferenceRequest request, CancellationToken cancellationToken) =>
        await CanaryVersion!.InferAsync(request, cancellationToken) with { Variant = ModelVariant.Canary };

    private async Task<InferenceResponse> InferAndCopyAsync(Shadow shadow, InferenceRequest request, CancellationToken cancellationToken)
    {
        var answer = await Default.InferAsync(request, cancellationToken);
        shadow.Offer(request, answer);
        return answer;
    }
}
