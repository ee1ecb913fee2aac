using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models.Caching;

namespace OrleansInference.Grains.Models.Routing;

/// <summary>A version with what a manifest may put around it: the prediction cache, and inside it a canary's monitor.</summary>
/// <remarks>It lives as long as the version: a changed manifest changes what stands around it, and loses no answer and no count.</remarks>
internal sealed class RolloutVersion : DelegatingVersion
{
    private readonly MonitoredVersion _monitored;
    private readonly CachedVersion _cached;

    /// <param name="model">The model's name.</param>
    /// <param name="version">The version itself.</param>
    /// <param name="spare">The version as a shadow runs it.</param>
    public RolloutVersion(string model, IServedVersion version, IServedVersion spare, TimeProvider time, InferenceInstruments instruments)
        : base(version)
    {
        Spare = spare;
        Unwatched = version;
        _monitored = new MonitoredVersion(version, time);
        _cached = new CachedVersion(model, _monitored, time, instruments);
    }

    /// <summary>The version as a shadow runs it: on what requests leave.</summary>
    public IServedVersion Spare { get; }

    /// <summary>The version alone, for what is no traffic: it neither asks the cache nor counts for a canary.</summary>
    public IServedVersion Unwatched { get; }

    public override ModelStatistics Statistics => _cached.Statistics;

    public override Task<InferenceResponse> InferAsync(InferenceRequest request, CancellationToken cancellationToken) => _cached.InferAsync(request, cancellationToken);

    /// <summary>From now on answers are kept there, and outcomes told to that monitor; nowhere for null.</summary>
    public void Surround(PredictionCache? cache, CanaryMonitor? monitor, bool isCanary)
    {
        _cached.Cache = cache;
        _monitored.Watch(monitor, isCanary);
    }
}
