namespace OrleansInference.Grains.Models.Routing;

/// <summary>One version's outcomes over the last stretch of time.</summary>
/// <remarks>
/// The stretch is cut into slices that leave one at a time, so memory is the same for any traffic, and the window is exact to
/// one slice. Not safe for concurrent use: the owner locks.
/// </remarks>
internal sealed class OutcomeWindow(TimeSpan length, TimeProvider time)
{
    private const int Slices = 30;

    private readonly OutcomeSums[] _slices = new OutcomeSums[Slices];
    private readonly TimeSpan _slice = length / Slices;
    private readonly long _startedAt = time.GetTimestamp();
    private OutcomeSums _sums;
    private long _current;

    public OutcomeSums Sums
    {
        get
        {
            Advance();
            return _sums;
        }
    }

    public void Add(VersionOutcome outcome, TimeSpan latency)
    {
        Advance();

        // An answer from the cache was never noted as one: there may be none to take back.
        if (outcome is VersionOutcome.Unusable && _sums.Answered == 0) outcome = VersionOutcome.Failed;
        _slices[_current % Slices].Add(outcome, latency);
        _sums.Add(outcome, latency);
    }

    private void Advance()
    {
        var now = time.GetElapsedTime(_startedAt).Ticks / _slice.Ticks;

        // After a pause longer than the window each slice is emptied once, not once for every slice of the pause.
        var first = Math.Max(_current + 1, now - Slices + 1);
        for (var i = first; i <= now; i++)
        {
            _sums.Remove(_slices[i % Slices]);
            _slices[i % Slices] = default;
        }

        _current = Math.Max(_current, now);
    }
}

/// <summary>Outcomes, added up.</summary>
internal struct OutcomeSums
{
    private long _answered;
    private long _failed;
    private long _timed;
    private long _latencyTicks;

    /// <summary>Requests that the version answered or failed.</summary>
    public readonly long Judged => _answered + _failed;

    public readonly long Answered => _answered;

    public readonly long Failed => _failed;

    /// <summary>Requests whose latency counts: failing fast must not make a version look fast.</summary>
    public readonly long Timed => _timed;

    public readonly double ErrorRate => Judged == 0 ? 0 : (double)_failed / Judged;

    public readonly TimeSpan MeanLatency => _timed == 0 ? TimeSpan.Zero : TimeSpan.FromTicks(_latencyTicks / _timed);

    public void Add(VersionOutcome outcome, TimeSpan latency)
    {
        if (outcome is VersionOutcome.Answered) _answered++;
        if (outcome is VersionOutcome.Unusable) _answered--;
        if (outcome is VersionOutcome.Failed or VersionOutcome.Unusable) _failed++;
        if (outcome is VersionOutcome.Failed or VersionOutcome.Unusable) return;
        _timed++;
        _latencyTicks += latency.Ticks;
    }

    public void Remove(in OutcomeSums other)
    {
        _answered -= other._answered;
        _failed -= other._failed;
        _timed -= other._timed;
        _latencyTicks -= other._latencyTicks;
    }
}
