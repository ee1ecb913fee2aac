namespace OrleansInference.Grains;

/// <summary>The instant by which the caller wants an answer, handed down with what is left of it.</summary>
public sealed class TimeBudget : IDisposable
{
    private readonly TimeProvider _time;
    private readonly long _startedAt;
    private readonly TimeSpan _total;
    private readonly CancellationTokenSource? _expiry;
    private readonly CancellationTokenRegistration _caller;

    /// <param name="total">The whole of it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="caller">Cancelled when the caller leaves.</param>
    /// <param name="startedAt">The clock's timestamp when the request came in; now by default.</param>
    public TimeBudget(TimeSpan total, TimeProvider time, CancellationToken caller, long? startedAt = null)
    {
        _time = time;
        _startedAt = startedAt ?? time.GetTimestamp();
        _total = total;
        _expiry = new CancellationTokenSource(startedAt is null ? total : Remaining, time);
        Token = _expiry.Token;
        _caller = caller.UnsafeRegister(static expiry => ((CancellationTokenSource)expiry!).Cancel(), _expiry);
    }

    /// <param name="total">The whole of it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="end">Cancelled when the time is up, or earlier by its owner. Made with the same clock.</param>
    /// <param name="startedAt">The clock's timestamp when the request came in.</param>
    internal TimeBudget(TimeSpan total, TimeProvider time, CancellationTokenSource end, long startedAt)
    {
        _time = time;
        _startedAt = startedAt;
        _total = total;
        Token = end.Token;
        if (Remaining is var left && left > TimeSpan.Zero) end.CancelAfter(left);
        else end.Cancel();
    }

    /// <summary>Cancelled when the time is up or the caller has left. Work that outlives the request may still ask it.</summary>
    public CancellationToken Token { get; }

    /// <summary>The whole of it.</summary>
    public TimeSpan Total => _total;

    /// <summary>Time since the request came in.</summary>
    public TimeSpan Elapsed => _time.GetElapsedTime(_startedAt);

    /// <summary>What is left; never negative.</summary>
    public TimeSpan Remaining => _total - Elapsed is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <summary>The smaller of a source's own timeout and its share of what is left, so that one slow source leaves time for the answer.</summary>
    public TimeSpan Share(TimeSpan timeout)
    {
        var share = Remaining * 0.6;
        return share < timeout ? share : timeout;
    }

    public void Dispose()
    {
        _caller.Dispose();
        _expiry?.Dispose();
    }
}
