namespace OrleansInference.Grains.Features.Windows;

/// <summary>One user's events of one view, as compact as they can be: a time and a number for each field.</summary>
/// <remarks>
/// Bounded: what is beyond every window is forgotten, and beyond MaxEvents the oldest events are folded into buckets. Only
/// what is committed is forgotten or folded, and only for what is committed: anything else can be taken out again.
/// Belongs to one user's grain and runs on its turns only.
/// </remarks>
internal sealed class EventWindow
{
    // An edge of the longest window is then wrong by at most a 64th of it.
    private const int BucketsInLongest = 64;

    private const int SmallestCapacity = 4;

    private readonly WindowView _view;
    private readonly int _width;
    private readonly long _bucketLength;
    private long[] _times = [];
    private double[] _values = [];
    private int _count;
    private EventBucket[] _buckets = [];
    private long _newest = long.MinValue;
    private long _forgottenThrough = long.MinValue;

    public EventWindow(WindowView view)
    {
        _view = view;
        _width = view.Fields.Count;
        _bucketLength = Math.Max(1, view.Horizon / BucketsInLongest);
    }

    private EventWindow(EventWindow other)
        : this(other._view)
    {
        (_times, _values, _count) = (other._times[..other._count], other._values[..(other._count * _width)], other._count);
        (_buckets, _newest, _forgottenThrough) = (other._buckets, other._newest, other._forgottenThrough);
    }

    public WindowView View => _view;

    /// <summary>Events that are kept one by one.</summary>
    public int Count => _count;

    public ReadOnlySpan<long> Times => _times.AsSpan(0, _count);

    public ReadOnlySpan<double> Values => _values.AsSpan(0, _count * _width);

    public ReadOnlySpan<EventBucket> Buckets => _buckets;

    /// <summary>Ticks of the newest committed event; <see cref="long.MinValue"/> before the first.</summary>
    public long Newest => _newest;

    /// <summary>Ticks of the newest event that is not kept any more; <see cref="long.MinValue"/> before the first.</summary>
    public long ForgottenThrough => _forgottenThrough;

    /// <summary>Whether an event is further behind the newest than the view allows.</summary>
    public bool IsTooLate(long ticks) => _newest != long.MinValue && ticks < _newest - _view.Options.AllowedLateness.Ticks;

    /// <summary>The features at an instant.</summary>
    public FeatureValue[] Read(long at) => _view.Scan.Read(new EventSpan(Times, Values, _buckets, _forgottenThrough), at);

    /// <summary>Places an event after all that are not later than it.</summary>
    /// <param name="added">The event.</param>
    /// <param name="keepFrom">Ticks of the oldest event that may have to be taken out again.</param>
    public void Add(in WindowEvent added, long keepFrom)
    {
        if (_count == _times.Length) MakeRoom(keepFrom);
        var place = _count;
        while (place > 0 && _times[place - 1] > added.Ticks) place--;
        Array.Copy(_times, place, _times, place + 1, _count - place);
        Array.Copy(_values, place * _width, _values, (place + 1) * _width, (_count - place) * _width);
        _times[place] = added.Ticks;
        added.Values.CopyTo(_values, place * _width);
        _count++;
    }

    /// <summary>Says that an event will not be taken out again.</summary>
    public void Commit(in WindowEvent committed) => _newest = Math.Max(_newest, committed.Ticks);

    /// <summary>Takes an event out again. Of events that are alike in everything it does not matter which.</summary>
    public void Remove(in WindowEvent removed)
    {
        for (var i = _count - 1; i >= 0 && _times[i] >= removed.Ticks; i--)
        {
            if (_times[i] != removed.Ticks || !IsSame(_values.AsSpan(i * _width, _width), removed.Values)) continue;
            RemoveAt(i, 1);
            return;
        }
    }

    /// <summary>The same events, which later changes of this one do not reach.</summary>
    public EventWindow Copy() => new(this);

    internal static EventWindow Restore(WindowView view, IReadOnlyList<WindowEvent> events, EventBucket[] buckets, long newest, long forgottenThrough)
    {
        var window = new EventWindow(view) { _times = new long[events.Count], _values = new double[events.Count * view.Fields.Count] };
        foreach (var one in events) window.Add(one, long.MaxValue);
        (window._buckets, window._newest, window._forgottenThrough) = (buckets, newest, forgottenThrough);
        return window;
    }

    // NaN is the same as NaN here.
    private static bool IsSame(ReadOnlySpan<double> one, ReadOnlySpan<double> other)
    {
        for (var i = 0; i < one.Length; i++)
        {
            if (BitConverter.DoubleToInt64Bits(one[i]) != BitConverter.DoubleToInt64Bits(other[i])) return false;
        }

        return true;
    }

    private void MakeRoom(long keepFrom)
    {
        Forget(keepFrom);
        if (_count >= _view.Options.MaxEvents) Fold(keepFrom);
        if (_count < _times.Length) return;
        var capacity = Math.Max(SmallestCapacity, _count + _count / 2);

        // Grown to the limit and no further, unless more than that is not committed yet.
        if (_count < _view.Options.MaxEvents) capacity = Math.Min(capacity, Math.Max(SmallestCapacity, _view.Options.MaxEvents));
        Array.Resize(ref _times, capacity);
        Array.Resize(ref _values, capacity * _width);
    }

    private void Forget(long keepFrom)
    {
        if (_newest == long.MinValue) return;
        var beyond = Math.Min(_newest - _view.Horizon, keepFrom - 1);
        var forgotten = 0;
        while (forgotten < _count && _times[forgotten] <= beyond) forgotten++;
        if (forgotten > 0) _forgottenThrough = Math.Max(_forgottenThrough, _times[forgotten - 1]);
        RemoveAt(0, forgotten);

        var buckets = _buckets.Where(bucket => bucket.Last > beyond).ToArray();
        if (buckets.Length == _buckets.Length) return;
        _forgottenThrough = Math.Max(_forgottenThrough, _buckets.Except(buckets).Max(bucket => bucket.Last));
        _buckets = buckets;
    }

    // A quarter at a time, so that most events find room without it.
    private void Fold(long keepFrom)
    {
        var most = Math.Max(1, _count / 4);
        var folded = 0;
        var buckets = _buckets.ToList();
        for (; folded < most && _times[folded] < keepFrom; folded++) Fold(buckets, _times[folded], _values.AsSpan(folded * _width, _width));
        _buckets = [.. buckets];
        RemoveAt(0, folded);
    }

    private void Fold(List<EventBucket> buckets, long ticks, ReadOnlySpan<double> values)
    {
        var fields = new FieldTotals[_width];
        for (var i = 0; i < fields.Length; i++)
        {
            fields[i] = FieldTotals.None;
            fields[i].AddOlder(values[i]);
        }

        var one = new EventBucket(ticks, ticks, 1, fields);
        var place = buckets.Count;
        while (place > 0 && buckets[place - 1].First / _bucketLength > ticks / _bucketLength) place--;
        if (place > 0 && buckets[place - 1].First / _bucketLength == ticks / _bucketLength) buckets[place - 1] = EventBucket.Join(buckets[place - 1], one);
        else buckets.Insert(place, one);
    }

    private void RemoveAt(int place, int removed)
    {
        if (removed == 0) return;
        _count -= removed;
        Array.Copy(_times, place + removed, _times, place, _count - place);
        Array.Copy(_values, (place + removed) * _width, _values, place * _width, (_count - place) * _width);
    }
}
