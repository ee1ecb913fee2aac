using System.Diagnostics.Metrics;

namespace OrleansInference.Grains.Diagnostics;

/// <summary>The program's metrics: one meter, one method for each thing that happens.</summary>
/// <remarks>Durations are in seconds. No tag ever names a user.</remarks>
public sealed class InferenceInstruments
{
    public const string MeterName = "OrleansInference";

    private readonly Histogram<double> _requestDuration;
    private readonly Histogram<double> _queueDuration;
    private readonly Histogram<double> _computeDuration;
    private readonly Histogram<double> _commitDuration;
    private readonly Histogram<int> _commitSize;
    private readonly Counter<long> _rejected;
    private readonly Counter<long> _commitFailures;
    private readonly Counter<long> _featureQueries;
    private readonly Counter<long> _featureFailures;
    private readonly Counter<long> _messages;
    private readonly Histogram<double> _modelLoadDuration;
    private int _loadedModels;

    public InferenceInstruments(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _requestDuration = meter.CreateHistogram<double>("inference.request.duration", "s", "Whole prediction in the user's grain.");
        _queueDuration = meter.CreateHistogram<double>("inference.queue.duration", "s", "Wait for an inference thread.");
        _computeDuration = meter.CreateHistogram<double>("inference.compute.duration", "s", "The model's own run.");
        _commitDuration = meter.CreateHistogram<double>("inference.log.commit.duration", "s", "One group commit of the prediction log.");
        _commitSize = meter.CreateHistogram<int>("inference.log.commit.size", "{write}", "Writes in one group commit.");
        _rejected = meter.CreateCounter<long>("inference.requests.rejected", "{request}", "Refused at the door.");
        _commitFailures = meter.CreateCounter<long>("inference.log.commit.failures", "{commit}", "Group commits that failed.");
        _featureQueries = meter.CreateCounter<long>("inference.features.queries", "{query}", "Reads of a feature source beyond the cache.");
        _featureFailures = meter.CreateCounter<long>("inference.features.failures", "{query}", "Reads that failed or came too late.");
        _messages = meter.CreateCounter<long>("inference.outbox.attempts", "{message}", "Attempts to deliver an outbox message.");
        _modelLoadDuration = meter.CreateHistogram<double>("inference.model.load.duration", "s", "Reading and warming up a model's folder.");
        meter.CreateObservableGauge("inference.models.loaded", () => Volatile.Read(ref _loadedModels), "{model}", "Models in memory.");
    }

    public void OnPredicted(string model, string outcome, TimeSpan duration) =>
        _requestDuration.Record(duration.TotalSeconds, new("model.name", model), new("outcome", outcome));

    public void OnInferred(string model, int version, TimeSpan queued, TimeSpan computed)
    {
        KeyValuePair<string, object?> name = new("model.name", model), number = new("model.version", version);
        _queueDuration.Record(queued.TotalSeconds, name, number);
        _computeDuration.Record(computed.TotalSeconds, name, number);
    }

    public void OnRejected(string model, string reason) => _rejected.Add(1, new("model.name", model), new("reason", reason));

    public void OnCommitted(int writes, TimeSpan duration)
    {
        _commitDuration.Record(duration.TotalSeconds);
        _commitSize.Record(writes);
    }

    public void OnCommitFailed() => _commitFailures.Add(1);

    public void OnFeatureQuery(string source) => _featureQueries.Add(1, new KeyValuePair<string, object?>("source", source));

    public void OnFeatureFailure(string source) => _featureFailures.Add(1, new KeyValuePair<string, object?>("source", source));

    public void OnModelLoaded(string model, string outcome, TimeSpan duration) =>
        _modelLoadDuration.Record(duration.TotalSeconds, new("model.name", model), new("outcome", outcome));

    public void OnModelsLoaded(int models) => Volatile.Write(ref _loadedModels, models);

    public void OnDeliveryAttempt(string target, string outcome) => _messages.Add(1, new("target", target), new("outcome", outcome));
}
