using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models.Batching;
using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models;

/// <summary>Counts what one version does: for the protocol's statistics, and for the metrics.</summary>
internal sealed partial class VersionMeter(string model, int version, InferenceInstruments instruments, TimeProvider time, ILogger logger)
{
    private readonly VersionInstruments _instruments = instruments.ForVersion(model, version);
    private readonly DurationCounter _success = new();
    private readonly DurationCounter _fail = new();
    private readonly DurationCounter _queue = new();
    private readonly StageCounters _stages = new();
    private readonly ConcurrentDictionary<int, StageCounters> _batches = new();
    private long _rows;
    private long _runs;
    private long _lastInferenceTicks;

    public ModelStatistics Statistics => new()
    {
        Name = model,
        Version = version,
        LastInference = Interlocked.Read(ref _lastInferenceTicks) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null,
        InferenceCount = Interlocked.Read(ref _rows),
        ExecutionCount = Interlocked.Read(ref _runs),
        Success = _success.Sum,
        Fail = _fail.Sum,
        Queue = _queue.Sum,
        ComputeInput = _stages.Input.Sum,
        ComputeInfer = _stages.Infer.Sum,
        ComputeOutput = _stages.Output.Sum,
        Batches = [.. _batches.OrderBy(batch => batch.Key).Select(batch => batch.Value.ToBatch(batch.Key))],
    };

    public void OnRejected(string reason) => _instruments.OnRejected(reason);

    public void OnRun(int rows, StageDurations durations)
    {
        Interlocked.Increment(ref _runs);
        _batches.GetOrAdd(rows, static _ => new StageCounters()).Add(durations);
        _instruments.OnRun(rows, durations);
    }

    public void OnAnswered(PendingInference request, StageDurations durations, long now)
    {
        Interlocked.Add(ref _rows, request.Rows);
        Interlocked.Exchange(ref _lastInferenceTicks, time.GetUtcNow().Ticks);
        _success.Add(time.GetElapsedTime(request.EnqueuedAt, now));
        _stages.Add(durations);
        OnLeft(request, now);
    }

    public void OnFailed(PendingInference request, long now)
    {
        _fail.Add(time.GetElapsedTime(request.EnqueuedAt, now));
        OnLeft(request, now);
    }

    public void OnJoiningStopped() => LogJoiningStopped(model, version);

    public IDisposable ObserveQueue(Func<int> waitingRows) => instruments.ObserveQueue(model, version, waitingRows);

    // Who leaves the queue without a run has waited all the time.
    private void OnLeft(PendingInference request, long now)
    {
        var queued = request.Queued ?? time.GetElapsedTime(request.EnqueuedAt, now);
        _queue.Add(queued);
        _instruments.OnQueued(queued);
    }

    [LoggerMessage(EventIds.JoiningStopped, LogLevel.Warning, "Model {ModelName}/{ModelVersion} does not answer with the batch's rows first, so its requests run one by one. Set batching.maxBatchSize to 1 in its model.json, or export it with the batch as the first dimension of every output.")]
    private partial void LogJoiningStopped(string modelName, int modelVersion);
}
