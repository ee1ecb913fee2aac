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

    // Little by little: what is kept free for events to come is memory, too, and copying a few kilobytes is quick.
    private const int LeastRoom = 4;

    private const int ShareOfRoom = 16;

    private readonly WindowView _view;
    private PackedEvents _events;
    private EventBucket[] _buckets = [];
    private long _newest = long.MinValue;
    private long _forgottenThrough = long.MinValue;

    /// <summary>A window without events.</summary>
    /// <param name="view">The view.</param>
    /// <param name="capacity">Events that are to come at once.</param>
    public EventWindow(WindowView view, int capacity = 0)
    {
        _view = view;
        _events = new PackedEvents(view.Fields.Count);
        if (capacity > 0) _events.Resize(capacity);
    }

    private EventWindow(EventWindow other)
        : this(other._view)
    {
        (_events, _buckets, _newest, _forgottenThrough) = (other._events.Clone(), other._buckets, other._newest, other._forgottenThrough);
    }

    public WindowView View => _view;

    /// <summary>Events that are kept one by one.</summary>
    public int Count => _events.Count;

    public ReadOnlySpan<EventBucket> Buckets => _buckets;

    /// <summary>Ticks of the newest committed event; <see cref="long.MinValue"/> before the first.</summary>
    public long Newest => _newest;

    /// <summary>Ticks of the newest event that is not kept any more; <see cref="long.MinValue"/> before the first.</summary>
    public long ForgottenThrough => _forgottenThrough;

    /// <summary>Whether an event is further behind the newest than the view allows.</summary>
    public bool IsTooLate(long ticks) => _newest != long.MinValue && ticks < _newest - _view.Options.AllowedLateness.Ticks;

    /// <summary>The features at an instant.</summary>
    public FeatureValue[] Read(long at) => _view.Scan.Read(new EventSpan(_events, _buckets, _forgottenThrough), at);

    /// <summary>Places an event after all that are not later than it.</summary>
    /// <param name="added">The event.</param>
    /// <param name="keepFrom">Ticks of the oldest event that may have to be taken out again.</param>
    public void Add(in WindowEvent added, long keepFrom)
    {
        if (_events.Count == _events.Capacity) MakeRoom(keepFrom);
        var place = _events.Count;
        while (place > 0 && _events.TimeAt(place - 1) > added.Ticks) place--;
        _events.Insert(place, added);
    }

    /// <summary>UTC ticks of an event, in the order of time.</summary>
    public long TimeAt(int index) => _events.TimeAt(index);

    public double ValueAt(int index, int field) => _events.ValueAt(index, field);

    /// <summary>Says that an event will not be taken out again.</summary>
    public void Commit(in WindowEvent committed) => _newest = Math.Max(_newest, committed.Ticks);

    /// <summary>Takes an event out again. Of events that are alike in everything it does not matter which.</summary>
    public void Remove(in WindowEvent removed)
    {
        for (var i = _events.Count - 1; i >= 0 && _events.TimeAt(i) >= removed.Ticks; i--)
        {
            if (_events.TimeAt(i) != removed.Ticks || !HasValues(i, removed.Values)) continue;
            _events.RemoveRange(i, 1);
            return;
        }
    }

    /// <summary>The same events, which later changes of this one do not reach.</summary>
    public EventWindow Copy() => new(this);

    internal static EventWindow Restore(WindowView view, IReadOnlyList<WindowEvent> events, EventBucket[] buckets, long newest, long forgottenThrough)
    {
        var window = new EventWindow(view, events.Count);
        foreach (var one in events) window.Add(one, long.MaxValue);
        (window._buckets, window._newest, window._forgottenThrough) = (buckets, newest, forgottenThrough);
        return window;
    }

    // NaN is the same as NaN here.
    private bool HasValues(int index, double[] values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (BitConverter.DoubleToInt64Bits(_events.ValueAt(index, i)) != BitConverter.DoubleToInt64Bits(values[i])) return false;
        }

        return true;
    }

    private void MakeRoom(long keepFrom)
    {
        Forget(keepFrom);
        if (_events.Count >= _view.Options.MaxEvents) Fold(keepFrom);
        if (_events.Count < _events.Capacity) return;
        var capacity = _events.Count + Math.Max(LeastRoom, _events.Count / ShareOfRoom);

        // Grown to the limit and no further, unless more than that is not committed yet.
        if (_events.Count < _view.Options.MaxEvents) capacity = Math.Min(capacity, Math.Max(LeastRoom, _view.Options.MaxEvents));
        _events.Resize(capacity);
    }

    private void Forget(long keepFrom)
    {
        if (_newest == long.MinValue) return;
        var beyond = Math.Min(_newest - _view.Horizon, keepFrom - 1);
        var forgotten = 0;
        while (forgotten < _events.Count && _events.TimeAt(forgotten) <= beyond) forgotten++;
        if (forgotten > 0) _forgottenThrough = Math.Max(_forgottenThrough, _events.TimeAt(forgotten - 1));
        _events.RemoveRange(0, forgotten);

        var buckets = _buckets.Where(bucket => bucket.Last > beyond).ToArray();
        if (buckets.Length == _buckets.Length) return;
        _forgottenThrough = Math.Max(_forgottenThrough, _buckets.Except(buckets).Max(bucket => bucket.Last));
        _buckets = buckets;
    }

    // A quarter at a time, so that most events find room without it.
    private void Fold(long keepFrom)
    {
        var most = Math.Max(1, _events.Count / 4);
        var folded = 0;
        var buckets = _buckets.ToList();
        for (; folded < most && _events.TimeAt(folded) < keepFrom; folded++) Fold(buckets, folded);
        _buckets = [.. buckets];
        _events.RemoveRange(0, folded);
    }

    private void Fold(List<EventBucket> buckets, int index)
    {
        var (ticks, fields) = (_events.TimeAt(index), new FieldTotals[_view.Fields.Count]);
        for (var i = 0; i < fields.Length; i++)
        {
            fields[i] = FieldTotals.None;
            fields[i].AddOlder(_events.ValueAt(index, i));
        }

        var one = new EventBucket(ticks, ticks, 1, fields);
        var length = Math.Max(1, _view.Horizon / BucketsInLongest);
        var place = buckets.Count;
        while (place > 0 && buckets[place - 1].First / length > ticks / length) place--;
        if (place > 0 && buckets[place - 1].First / length == ticks / length) buckets[place - 1] = EventBucket.Join(buckets[place - 1], one);
        else buckets.Insert(place, one);
    }
}
