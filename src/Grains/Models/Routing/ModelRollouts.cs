using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models.Caching;
using OrleansInference.Grains.Models.Manifest;
using OrleansInference.Grains.Models.Shadowing;

namespace OrleansInference.Grains.Models.Routing;

/// <summary>Makes the rollout of each state of a model from its manifest and from what the cluster has agreed on.</summary>
/// <param name="demote">Tells the cluster that a canary was found wanting: model, version, reason.</param>
internal sealed class ModelRollouts(Func<string, int, string, Task> demote, TimeProvider time, InferenceInstruments instruments, ILoggerFactory loggers)
{
    /// <param name="model">The state that is to serve.</param>
    /// <param name="previous">The state that serves; null where none does.</param>
    /// <param name="cache">The manifest's cache; null for none.</param>
    public ModelRollout Create(ServedModel model, ServedModel? previous, PredictionCacheOptions? cache)
    {
        var versions = model.Versions.ToDictionary(version => version.Key, version => version.Value.Served);
        var (@default, canaryVersion) = (versions[model.DefaultVersion], model.Canary is { } canary ? versions[canary.Version] : null);
        return new ModelRollout
        {
            Default = @default,
            CanaryVersion = canaryVersion,
            Canary = CreateCanary(model, previous, @default, canaryVersion),
            Shadow = CreateShadow(model, previous, versions),
            Cache = CreateCache(previous, cache),
            Versions = versions.Values,
        };
    }

    private Canary? CreateCanary(ServedModel model, ServedModel? previous, IServedVersion @default, IServedVersion? version)
    {
        if (model.Canary is not { } section) return null;
        var limits = new CanaryLimits
        {
            MaxErrorRate = section.MaxErrorRate,
            MaxLatencyRatio = section.MaxLatencyRatio,
            MinRequests = section.MinRequests,
            Window = section.Window,
        };
        var goesOn = previous?.Rollout is { Canary: { } canary } rollout
            && rollout.Default == @default && rollout.CanaryVersion == version && canary.Monitor.Limits == limits && !IsPardoned(canary, model, previous);
        var monitor = goesOn
            ? previous!.Rollout!.Canary!.Monitor
            : new CanaryMonitor(model.Name, section.Version, limits, reason => demote(model.Name, section.Version, reason), time, instruments, loggers.CreateLogger<CanaryMonitor>());
        return new Canary(section.Version, new CanaryShare(model.Name, section.Percent), monitor);
    }

    // The cluster has agreed on something since, and not on its demotion: it was loaded anew to have another try.
    private static bool IsPardoned(Canary canary, ServedModel model, ServedModel previous) =>
        canary.Monitor.IsDemoted && model.Control.Epoch != previous.Control.Epoch;

    private Shadow? CreateShadow(ServedModel model, ServedModel? previous, Dictionary<int, IServedVersion> versions)
    {
        if (model.Manifest.Versions?.Shadow is not ShadowSection section) return null;
        var version = versions[section.Version] is RolloutVersion { Spare: var spare } ? spare : versions[section.Version];
        return previous?.Rollout?.Shadow is { } shadow && shadow.Runs(version)
            ? shadow
            : new Shadow(model.Name, version, time, instruments, loggers.CreateLogger<Shadow>());
    }

    private PredictionCache? CreateCache(ServedModel? previous, PredictionCacheOptions? options)
    {
        if (options is null) return null;
        return previous?.Rollout?.Cache is { } cache && cache.Options == options ? cache : new PredictionCache(options, time);
    }
}
