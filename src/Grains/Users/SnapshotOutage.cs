using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Grains.Users;

/// <summary>Whether the storage of snapshots answers, as far as all users of the silo have seen.</summary>
/// <remarks>
/// Promises: an outage is logged when it begins and when it ends, however many users meet it; while it lasts, nobody waits for it
/// but one attempt in each pause, or a few at the same time. Threads: any. _lock guards the fields below it.
/// </remarks>
internal sealed partial class SnapshotOutage(IOptions<SnapshotOptions> options, TimeProvider time, ILogger<SnapshotOutage> logger)
{
    // One late answer is none.
    private const int FailuresThatMakeOne = 3;

    private readonly Lock _lock = new();
    private int _failures;
    private long _failedAt;

    /// <summary>Whether it was found not to answer a moment ago.</summary>
    public bool IsPausing
    {
        get
        {
            lock (_lock) return _failures >= FailuresThatMakeOne && time.GetElapsedTime(_failedAt) < options.Value.PauseAfterFailure;
        }
    }

    public void OnFailed(Exception cause)
    {
        bool begins;
        lock (_lock)
        {
            begins = ++_failures == FailuresThatMakeOne;
            _failedAt = time.GetTimestamp();
        }

        if (begins) LogBegan(cause);
    }

    public void OnAnswered()
    {
        bool ends;
        lock (_lock)
        {
            ends = _failures >= FailuresThatMakeOne;
            _failures = 0;
        }

        if (ends) LogEnded();
    }

    [LoggerMessage(EventIds.SnapshotOutageBegan, LogLevel.Warning, "Grain storage does not answer; users who come back are replayed from the log, and snapshots are written when it answers again")]
    private partial void LogBegan(Exception cause);

    [LoggerMessage(EventIds.SnapshotOutageEnded, LogLevel.Information, "Grain storage answers again")]
    private partial void LogEnded();
}
