namespace OrleansInference.Grains.Features.Windows;

/// <summary>A walk over a user's events from an instant back in time.</summary>
internal ref struct EventWalk
{
    private readonly EventSpan _events;
    private readonly long _at;
    private readonly HashSet<double>[]? _distinct;
    private int _event;
    private int _bucket;
    private bool _cut;
    private bool _torn;

    public EventWalk(EventSpan events, long at, HashSet<double>[]? distinct)
    {
        _events = events;
        _at = at;
        _distinct = distinct;
        _event = events.CountThrough(at) - 1;
        _bucket = events.Buckets.Length - 1;
        while (_bucket >= 0 && events.Buckets[_bucket].First > at) _bucket--;
    }

    /// <summary>Events so far.</summary>
    public long Count { get; private set; }

    /// <summary>Whether any of them came from a bucket.</summary>
    public bool HasBuckets { get; private set; }

    /// <summary>Whether an edge of the window cuts a bucket, or events in the window are not kept any more.</summary>
    public readonly bool IsApproximate => _cut || _torn;

    public readonly int Distinct(int field) => _distinct![field].Count;

    /// <summary>Adds everything after <paramref name="lower"/> that was not passed yet.</summary>
    public void GoBackTo(long lower, scoped Span<FieldTotals> totals)
    {
        while (true)
        {
            var time = _event >= 0 ? _events.Events.TimeAt(_event) : long.MinValue;
            var bucket = _bucket >= 0 ? _events.Buckets[_bucket].Last : long.MinValue;
            if (Math.Max(time, bucket) <= lower) break;
            if (time >= bucket) AddEvent(totals);
            else AddBucket(totals);
        }

        _cut = HasBuckets && _events.Buckets[_bucket + 1].First <= lower;
        _torn |= lower < _events.ForgottenThrough;
    }

    private void AddEvent(scoped Span<FieldTotals> totals)
    {
        for (var i = 0; i < totals.Length; i++)
        {
            var value = _events.Events.ValueAt(_event, i);
            totals[i].AddOlder(value);
            if (_distinct is not null && !double.IsNaN(value)) _distinct[i].Add(value);
        }

        _event--;
        Count++;
    }

    private void AddBucket(scoped Span<FieldTotals> totals)
    {
        var bucket = _events.Buckets[_bucket--];
        for (var i = 0; i < totals.Length; i++) totals[i].AddOlder(bucket.Fields[i]);
        Count += bucket.Count;
        HasBuckets = true;
        _torn |= bucket.Last > _at;
    }
}
