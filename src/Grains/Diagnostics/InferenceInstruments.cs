using System.Diagnostics.Metrics;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Grains.Diagnostics;

/// <summary>The program's metrics: one meter, one method for each thing that happens.</summary>
/// <remarks>Durations are in seconds. No tag ever names a user.</remarks>
public sealed class InferenceInstruments
{
    public const string MeterName = "OrleansInference";

    // From a fraction of a batch's time to the longest deadlines: a collector's own are for milliseconds.
    private static readonly InstrumentAdvice<double> Durations = new() { HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] };
    private static readonly InstrumentAdvice<int> Sizes = new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] };
    private static readonly InstrumentAdvice<double> Differences = new() { HistogramBucketBoundaries = [0, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10] };

    private readonly Histogram<double> _requestDuration;
    private readonly Histogram<double> _queueDuration;
    private readonly Histogram<double> _computeDuration;
    private readonly Histogram<double> _commitDuration;
    private readonly Histogram<int> _commitSize;
    private readonly Counter<long> _rejected;
    private readonly Counter<long> _commitFailures;
    private readonly Counter<long> _checkpointFailures;
    private readonly Counter<long> _scrubFailures;
    private readonly Counter<long> _recordsLost;
    private readonly Counter<long> _recordsRefused;
    private readonly Counter<long> _retired;
    private readonly Counter<long> _retentionFailures;
    private readonly Counter<long> _featureQueries;
    private readonly Counter<long> _featureKeys;
    private readonly Counter<long> _featureFailures;
    private readonly Counter<long> _featuresCached;
    private readonly Counter<long> _breakerChanges;
    private readonly Counter<long> _lookupReloads;
    private readonly Counter<long> _messages;
    private readonly Histogram<double> _deliveryDuration;
    private readonly OutboxLevels _outbox = new();
    private readonly Histogram<double> _modelLoadDuration;
    private int _loadedModels;
    private readonly Counter<long> _canaryDemotions;
    private readonly Counter<long> _shadowRequests;
    private readonly Histogram<double> _shadowDifference;
    private readonly Counter<long> _shadowMismatches;
    private readonly Counter<long> _cacheRequests;
    private readonly Histogram<int> _batchSize;
    private readonly QueueLengths _queues = new();
    private readonly QualityGauges _quality;
    private readonly Counter<long> _replayed;
    private readonly Counter<long> _resumptionFailures;
    private readonly Counter<long> _snapshotFailures;
    private Func<int> _dueSnapshots = static () => 0;

    public InferenceInstruments(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _requestDuration = Duration(meter, "inference.request.duration", "Whole prediction in the user's grain.");
        _queueDuration = Duration(meter, "inference.queue.duration", "Wait for an inference thread.");
        _computeDuration = Duration(meter, "inference.compute.duration", "One run of a model, by stage: filling the inputs, the model, reading the outputs.");
        _commitDuration = Duration(meter, "inference.log.commit.duration", "One group commit of the prediction log.");
        _commitSize = meter.CreateHistogram("inference.log.commit.size", "{write}", "Writes in one group commit.", tags: null, Sizes);
        _rejected = meter.CreateCounter<long>("inference.requests.rejected", "{request}", "Refused at the door.");
        _commitFailures = meter.CreateCounter<long>("inference.log.commit.failures", "{commit}", "Group commits that failed.");
        _checkpointFailures = meter.CreateCounter<long>("inference.log.checkpoint.failures", "{checkpoint}", "Copies of SQLite's write-ahead log into the database that failed.");
        _scrubFailures = meter.CreateCounter<long>("inference.log.scrub.failures", "{erasure}", "Erasures after which SQLite's write-ahead log could not be emptied.");
        _recordsLost = meter.CreateCounter<long>("inference.log.records.lost", "{record}", "Answered predictions that a model with logging = bestEffort could not record.");
        _recordsRefused = meter.CreateCounter<long>("inference.log.records.refused", "{record}", "Records whose number another activation of the user had taken.");
        _retired = meter.CreateCounter<long>("inference.retention.deleted", "{row}", "Rows that were older than their kind is kept.");
        _retentionFailures = meter.CreateCounter<long>("inference.retention.failures", "{run}", "Looks for old rows that failed.");
        _featureQueries = meter.CreateCounter<long>("inference.features.queries", "{query}", "Reads of a feature source beyond the cache.");
        _featureKeys = meter.CreateCounter<long>("inference.features.keys", "{user}", "Users that the queries of feature views asked for.");
        _featureFailures = meter.CreateCounter<long>("inference.features.failures", "{query}", "Reads that failed or came too late.");
        _featuresCached = meter.CreateCounter<long>("inference.features.cached", "{query}", "Reads answered with what the silo had kept of a service's answers: fresh, stale and revalidated, or stale since the service failed.");
        _breakerChanges = meter.CreateCounter<long>("inference.features.breaker.changes", "{change}", "Breakers of external services that opened, tried and closed.");
        _lookupReloads = meter.CreateCounter<long>("inference.lookups.reloads", "{reload}", "Changed lookup files that were read, and those that could not be used.");
        _messages = meter.CreateCounter<long>("inference.outbox.attempts", "{message}", "Attempts to deliver an outbox message.");
        _deliveryDuration = Duration(meter, "inference.outbox.attempt.duration", "One attempt to deliver an outbox message, until the receiver's answer.");
        meter.CreateObservableGauge("inference.outbox.waiting", _outbox.MeasureWaiting, "{message}", "Messages that are not delivered yet.");
        meter.CreateObservableGauge("inference.outbox.dead", _outbox.MeasureDead, "{message}", "Dead letters.");
        meter.CreateObservableGauge("inference.outbox.oldest.age", _outbox.MeasureOldestAge, "s", "Age of the oldest message that is not delivered yet; 0 where none waits.");
        _modelLoadDuration = Duration(meter, "inference.model.load.duration", "Reading and warming up a model's folder.");
        meter.CreateObservableGauge("inference.models.loaded", () => Volatile.Read(ref _loadedModels), "{model}", "Models in memory.");
        _canaryDemotions = meter.CreateCounter<long>("inference.canary.demotions", "{demotion}", "Canaries that this silo found beyond their limits.");
        _shadowRequests = meter.CreateCounter<long>("inference.shadow.requests", "{request}", "Copies for a shadow version, by what became of them.");
        _shadowDifference = meter.CreateHistogram("inference.shadow.difference", null, "Largest absolute difference of a shadow's numbers from the answer.", tags: null, Differences);
        _shadowMismatches = meter.CreateCounter<long>("inference.shadow.mismatches", "{element}", "A shadow's strings, NaNs and tensors that are not the answer's.");
        _cacheRequests = meter.CreateCounter<long>("inference.cache.requests", "{request}", "Requests to models with a prediction cache, by what it did for them.");
        _batchSize = meter.CreateHistogram("inference.batch.size", "{row}", "Rows of one run of a model.", tags: null, Sizes);
        _quality = new QualityGauges(meter);
        _replayed = meter.CreateCounter<long>("inference.replay.predictions", "{prediction}", "Recorded predictions that replays of time ranges are through with.");
        _resumptionFailures = meter.CreateCounter<long>("inference.replay.resumption.failures", "{look}", "Looks for replays whose silo has ended that failed.");
        _snapshotFailures = meter.CreateCounter<long>("inference.snapshot.failures", "{snapshot}", "Snapshots of users that were not written or could not be read; the log has what they lack.");
        meter.CreateObservableGauge("inference.snapshot.waiting", () => _dueSnapshots(), "{snapshot}", "Snapshots of users whose time has come and that wait until others are written.");
        meter.CreateObservableGauge("inference.queue.length", _queues.Measure, "{row}", "Rows that wait for an inference thread.");
    }

    private static Histogram<double> Duration(Meter meter, string name, string description) => meter.CreateHistogram(name, "s", description, tags: null, Durations);

    public void OnQualityMeasured(string model, IReadOnlyList<ModelQuality> versions) => _quality.Set(model, versions);

    public void OnReplayed(string model, string outcome, long predictions) =>
        _replayed.Add(predictions, new("model.name", model), new("outcome", outcome));

    public void OnReplaysNotResumed() => _resumptionFailures.Add(1);

    public void OnSnapshotFailed(string stage) => _snapshotFailures.Add(1, new KeyValuePair<string, object?>("stage", stage));

    internal void ObserveSnapshots(Func<int> due) => _dueSnapshots = due;

    public void OnPredicted(string model, string outcome, TimeSpan duration) =>
        _requestDuration.Record(duration.TotalSeconds, new("model.name", model), new("outcome", outcome));

    internal VersionInstruments ForVersion(string model, int version) => new(model, version, _queueDuration, _computeDuration, _batchSize, _rejected);

    internal IDisposable ObserveQueue(string model, int version, Func<int> waitingRows) => _queues.Add(model, version, waitingRows);

    public void OnCommitted(int writes, TimeSpan duration)
    {
        _commitDuration.Record(duration.TotalSeconds);
        _commitSize.Record(writes);
    }

    public void OnCommitFailed() => _commitFailures.Add(1);

    public void OnCheckpointFailed() => _checkpointFailures.Add(1);

    public void OnScrubFailed() => _scrubFailures.Add(1);

    public void OnRecordLost(string model) => _recordsLost.Add(1, new KeyValuePair<string, object?>("model.name", model));

    public void OnRecordRefused(string model) => _recordsRefused.Add(1, new KeyValuePair<string, object?>("model.name", model));

    public void OnRetired(string kind, int rows) => _retired.Add(rows, new KeyValuePair<string, object?>("kind", kind));

    public void OnRetentionFailed() => _retentionFailures.Add(1);

    public void OnFeatureQuery(string source) => _featureQueries.Add(1, new KeyValuePair<string, object?>("source", source));

    public void OnFeatureQuery(string source, int keys)
    {
        OnFeatureQuery(source);
        _featureKeys.Add(keys, new KeyValuePair<string, object?>("source", source));
    }

    public void OnFeatureFailure(string source) => _featureFailures.Add(1, new KeyValuePair<string, object?>("source", source));

    public void OnFeatureCached(string source, string outcome) => _featuresCached.Add(1, new("source", source), new("outcome", outcome));

    public void OnBreakerChanged(string source, string state) => _breakerChanges.Add(1, new("source", source), new("state", state));

    public void OnLookupReloaded(string source, string outcome) => _lookupReloads.Add(1, new("source", source), new("outcome", outcome));

    public void OnModelLoaded(string model, string outcome, TimeSpan duration) =>
        _modelLoadDuration.Record(duration.TotalSeconds, new("model.name", model), new("outcome", outcome));

    public void OnModelsLoaded(int models) => Volatile.Write(ref _loadedModels, models);

    public void OnDeliveryAttempt(string target, string outcome) => _messages.Add(1, new("target", target), new("outcome", outcome));

    public void OnDelivery(string target, TimeSpan duration) => _deliveryDuration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("target", target));

    public void OnOutboxCounted(IReadOnlyList<OutboxLevel> levels, TimeProvider time) => _outbox.Set(levels, time);

    public void OnCanaryDemoted(string model, int version, string reason) =>
        _canaryDemotions.Add(1, new("model.name", model), new("model.version", version), new("reason", reason));

    public void OnShadowed(string model, int version, string outcome) =>
        _shadowRequests.Add(1, new("model.name", model), new("model.version", version), new("outcome", outcome));

    public void OnShadowCompared(string model, int version, double? difference, long mismatches)
    {
        KeyValuePair<string, object?> name = new("model.name", model), number = new("model.version", version);
        if (difference is { } known) _shadowDifference.Record(known, name, number);
        if (mismatches > 0) _shadowMismatches.Add(mismatches, name, number);
    }

    public void OnCached(string model, int version, string outcome) =>
        _cacheRequests.Add(1, new("model.name", model), new("model.version", version), new("outcome", outcome));
}
