using System.Globalization;
using Microsoft.Extensions.Logging;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Grains.Models.Routing;

/// <summary>Watches a canary beside the default version, and demotes it when it fails or is slow beyond its limits.</summary>
/// <remarks>
/// Promises: demotes at most once; from that moment this silo routes nobody to the canary, whatever becomes of the report; the
/// report to the cluster is repeated until it has been taken or the monitor is disposed.
/// Threads: any thread records. _lock guards the windows and is held for sums only: log, metrics and report happen after release.
/// </remarks>
internal sealed partial class CanaryMonitor : IDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly string _model;
    private readonly int _version;
    private readonly CanaryLimits _limits;
    private readonly Func<string, Task> _demote;
    private readonly TimeProvider _time;
    private readonly InferenceInstruments _instruments;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private readonly OutcomeWindow _canary;
    private readonly OutcomeWindow _default;
    private bool _isDemoted;

    /// <param name="demote">Tells the cluster, with the reason; called off the request's path and again until it succeeds.</param>
    public CanaryMonitor(
        string model, int version, CanaryLimits limits, Func<string, Task> demote, TimeProvider time, InferenceInstruments instruments, ILogger logger)
    {
        _model = model;
        _version = version;
        _limits = limits;
        _demote = demote;
        _time = time;
        _instruments = instruments;
        _logger = logger;
        _canary = new OutcomeWindow(limits.Window, time);
        _default = new OutcomeWindow(limits.Window, time);
    }

    public CanaryLimits Limits => _limits;

    /// <summary>Whether routing must leave the canary alone.</summary>
    public bool IsDemoted => Volatile.Read(ref _isDemoted);

    /// <summary>Notes what became of a request to the default version.</summary>
    public void RecordDefault(VersionOutcome outcome, TimeSpan latency)
    {
        lock (_lock) _default.Add(outcome, latency);
    }

    /// <summary>Notes what became of a request to the canary, and judges it.</summary>
    public void RecordCanary(VersionOutcome outcome, TimeSpan latency)
    {
        Verdict? verdict;
        lock (_lock)
        {
            _canary.Add(outcome, latency);
            verdict = _isDemoted ? null : JudgeNeedsLock();
            if (verdict is null) return;
            Volatile.Write(ref _isDemoted, true);
        }

        _instruments.OnCanaryDemoted(_model, _version, verdict.Tag);
        LogCanaryDemoted(_model, _version, verdict.Reason);

        // Not in the request's turn: its caller has nothing to do with the cluster's agreement.
        _ = Task.Run(() => ReportAsync(verdict.Reason));
    }

    public void Dispose() => _stopping.Cancel();

    private Verdict? JudgeNeedsLock()
    {
        var canary = _canary.Sums;
        return JudgeErrors(canary) ?? JudgeLatency(canary, _default.Sums);
    }

    private Verdict? JudgeErrors(OutcomeSums canary)
    {
        if (_limits.MaxErrorRate is not { } limit || canary.Judged < _limits.MinRequests || canary.ErrorRate <= limit) return null;
        return new Verdict("error_rate", string.Create(
            CultureInfo.InvariantCulture,
            $"{canary.Failed} of its last {canary.Judged} requests failed, a rate of {canary.ErrorRate:0.####} (versions.canary.maxErrorRate = {limit})"));
    }

    private Verdict? JudgeLatency(OutcomeSums canary, OutcomeSums @default)
    {
        if (_limits.MaxLatencyRatio is not { } limit || Math.Min(canary.Timed, @default.Timed) < _limits.MinRequests) return null;
        var (own, other) = (canary.MeanLatency, @default.MeanLatency);
        if (own <= other * limit) return null;
        return new Verdict("latency", string.Create(
            CultureInfo.InvariantCulture,
            $"its mean latency is {own.TotalMilliseconds:0.###} ms, the default's {other.TotalMilliseconds:0.###} ms (versions.canary.maxLatencyRatio = {limit})"));
    }

    private async Task ReportAsync(string reason)
    {
        for (var pause = TimeSpan.FromSeconds(1); !_stopping.IsCancellationRequested; pause = Longer(pause))
        {
            try
            {
                await _demote(reason);
                return;
            }
            catch (Exception e)
            {
                LogDemotionNotKept(e, _model, _version, pause.TotalSeconds);
            }

            await PauseAsync(pause);
        }
    }

    private async Task PauseAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, _time, _stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // The monitor has been disposed: the loop ends.
        }
    }

    private static TimeSpan Longer(TimeSpan pause) => pause * 2 < LongestPause ? pause * 2 : LongestPause;

    [LoggerMessage(EventIds.CanaryDemoted, LogLevel.Warning, "Canary {ModelName}/{ModelVersion} is demoted: {Reason}. Its users see the default version from now on")]
    private partial void LogCanaryDemoted(string modelName, int modelVersion, string reason);

    [LoggerMessage(EventIds.CanaryDemotionNotKept, LogLevel.Warning, "The demotion of canary {ModelName}/{ModelVersion} holds on this silo but could not be stored; trying again in {PauseSeconds} s")]
    private partial void LogDemotionNotKept(Exception exception, string modelName, int modelVersion, double pauseSeconds);

    private sealed record Verdict(string Tag, string Reason);
}
