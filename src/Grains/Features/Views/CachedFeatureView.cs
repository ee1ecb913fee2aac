namespace OrleansInference.Grains.Features.Views;

/// <summary>One user's values of one view: from memory while they are fresh, from one query however many ask, and as stale where the view allows it.</summary>
/// <remarks>
/// Promises: what is called fresh is younger than Ttl, MaxAge and the last word that it changed; one query at a time; a query
/// belongs to all that wait for it; an accepted push is in every later read until it has stood its time.
/// Lives in the user's grain: every member runs on its turns, so there is no lock.
/// </remarks>
internal sealed class CachedFeatureView : IMarkedUser, IDisposable
{
    private readonly string _userId;
    private PushedValues _pushed;
    private FeatureRow? _loaded;
    private bool _isKnown;
    private long _loadedMark;
    private long _mark;
    private DateTimeOffset? _eventTime;
    private ViewLoad? _load;

    public CachedFeatureView(FeatureView view, string userId)
    {
        View = view;
        _userId = userId;
        _pushed = view.NothingPushed;
        if (IsNamed) view.Marks.Register(userId, this);
        Combine();
    }

    public FeatureView View { get; }

    /// <summary>Raised by others, too: the count of what was said to have changed.</summary>
    private long Mark => Volatile.Read(ref _mark) + View.Marks.Epoch;

    // Only then can others say by the user's id that it changed.
    private bool IsNamed => View.Options.InvalidationChannel is not null;

    private TimeProvider Time => View.Time;

    /// <summary>The values as they would be used, fresh or not; null where there are none.</summary>
    public FeatureRow? Row { get; private set; }

    /// <summary>Time since the oldest of the values was read or pushed.</summary>
    public TimeSpan Age => Row is null ? TimeSpan.Zero : Time.GetElapsedTime(Row.ReadAt);

    public bool IsFresh => IsFreshWithin(Options.Lifetime);

    /// <summary>Whether there is neither a row of the user in the database nor anything pushed: the values are defaults.</summary>
    public bool IsUnknown => _pushed.IsEmpty && !_isKnown;

    /// <summary>The latest event time that was pushed or read.</summary>
    public DateTimeOffset? EventTime => _eventTime;

    private FeatureViewOptions Options => View.Options;

    // What was pushed in full needs no row.
    private bool NeedsRow => !View.IsPushed && !_pushed.IsComplete;

    private TimeSpan RowTtl => _isKnown ? Options.Ttl : Options.EffectiveUnknownTtl;

    /// <summary>The values for one prediction.</summary>
    /// <param name="budget">The caller's time, which bounds the wait; the query goes on without the caller.</param>
    /// <param name="maxAge">The age from which the caller does not want a value that can be read again.</param>
    /// <exception cref="InferenceException">StorageUnavailable, where the view does not allow anything else.</exception>
    public ValueTask<FeatureRow> ReadAsync(TimeBudget budget, TimeSpan? maxAge = null)
    {
        var limit = maxAge < Options.Lifetime ? maxAge.Value : Options.Lifetime;
        if (IsFreshWithin(limit)) return new(Row!);
        if (View.IsPushed) return new(Row!.AsStale());
        if (!MayServeWhileRevalidating(maxAge)) return new(AskAsync(limit, budget));

        var stale = Row!.AsStale();
        Join(limit);
        return new(stale);
    }

    /// <summary>Has fresh values read where there are none.</summary>
    /// <exception cref="InferenceException">StorageUnavailable, whatever the view allows to a prediction.</exception>
    public async Task WarmAsync(CancellationToken cancellationToken)
    {
        if (View.IsPushed || IsFresh) return;
        if (await LoadAsync(Options.Lifetime, () => Timeout.InfiniteTimeSpan, cancellationToken) is { } failure) throw failure;
    }

    /// <summary>Sets values, unless something later is known.</summary>
    /// <returns>Whether they were taken.</returns>
    public bool Push(IReadOnlyList<(int Column, FeatureValue Value)> values, DateTimeOffset eventTime)
    {
        if (eventTime < _eventTime) return false;
        OwnPushed();
        foreach (var (column, value) in values) _pushed[column] = new PushedValue(value, eventTime, Time.GetTimestamp(), Mark);
        _eventTime = eventTime;
        Combine();
        return true;
    }

    /// <summary>Makes the values stale at once; what was pushed to a view without a query is forgotten.</summary>
    public void Invalidate()
    {
        RaiseMark();
        if (!View.IsPushed) return;
        _pushed.Clear();
        Combine();
    }

    /// <summary>What was pushed and may stand over the next row: it was not said to have changed since, or an event time will tell. To be kept elsewhere; null where nothing is.</summary>
    public PushedFeatures? GetPushed() => _pushed.Keep(OldestKept) is { Length: > 0 } ahead ? new PushedFeatures(_eventTime!.Value, ahead) : null;

    /// <summary>What <see cref="GetPushed"/> would give after a push of these; null where it would not be taken.</summary>
    public PushedFeatures? GetPushedAfter(IReadOnlyList<(int Column, FeatureValue Value)> values, DateTimeOffset eventTime)
    {
        if (eventTime < _eventTime) return null;
        var (at, mark) = (Time.GetTimestamp(), Mark);
        return new PushedFeatures(eventTime, _pushed.With(values.Select(value => (value.Column, new PushedValue(value.Value, eventTime, at, mark)))).Keep(OldestKept));
    }

    /// <summary>Puts back what <see cref="GetPushed"/> gave, with the age that it has by now; what is later here stays.</summary>
    public void PutBack(PushedFeatures pushed)
    {
        OwnPushed();

        // While the user was in no memory, nobody heard what was said: such a value is read again before it is used.
        _pushed.PutBack(pushed.Columns, IsNamed ? Mark - 1 : Mark);
        if (!(_eventTime > pushed.EventTime)) _eventTime = pushed.EventTime;
        Combine();
    }

    /// <summary>The values for people, with what a prediction would think of them.</summary>
    public CachedFeatures Describe() => new(
        View.Name,
        Age,
        IsFresh,
        [.. View.Columns.Select((column, i) => KeyValuePair.Create(column.Name, Row!.Values[i].ToObject()))],
        !IsFresh ? "stale" : IsUnknown ? "default" : "fresh",
        _eventTime);

    /// <summary>Makes the values stale; any thread.</summary>
    public void RaiseMark() => Interlocked.Increment(ref _mark);

    public void Dispose()
    {
        if (IsNamed) View.Marks.Remove(_userId, this);
    }

    private long OldestKept => Options.EventTimeColumn is null ? Mark : long.MinValue;

    // Most users have nothing pushed, and share that.
    private void OwnPushed()
    {
        if (_pushed == View.NothingPushed) _pushed = new PushedValues(View.Columns, Time);
    }

    private async Task<FeatureRow> AskAsync(TimeSpan limit, TimeBudget budget)
    {
        // A share of the time, so that what stands in is still in time; the whole where nothing does.
        var wait = () => CanStandIn ? budget.Share(Options.Timeout) : Timeout.InfiniteTimeSpan;
        if (await LoadAsync(limit, wait, budget.Token) is { } failure) return StandIn(failure, limit);

        // A push that came while the query was under way may have grown old with it.
        return Options.EventTimeColumn is not null || _pushed.AreWithin(limit) ? Row! : Row!.AsStale();
    }

    private bool CanStandIn => Options.OnError is FeatureViewErrorPolicy.Default || MayServeAfterFailure();

    private FeatureRow StandIn(InferenceException failure, TimeSpan limit)
    {
        if (MayServeAfterFailure()) return Row!.AsStale() with { Degraded = true };
        if (Options.OnError is FeatureViewErrorPolicy.Fail) throw failure;
        var defaults = FeatureRow.Defaults(View.Columns, Time.GetTimestamp(), degraded: true);
        return defaults with { Values = _pushed.FreshOver(defaults.Values, limit, Mark) };
    }

    // Twice where a word of a change came between the beginning of the query under way and this caller.
    private async Task<InferenceException?> LoadAsync(TimeSpan limit, Func<TimeSpan> wait, CancellationToken cancellationToken)
    {
        var wanted = Mark;
        while (true)
        {
            var load = Join(limit);
            try
            {
                var failure = await load.Completion.WaitAsync(wait(), Time, cancellationToken);
                if (load.Mark >= wanted) return failure;
            }
            catch (TimeoutException)
            {
                return View.Unavailable("the prediction's time budget did not allow a longer wait");
            }
        }
    }

    private ViewLoad Join(TimeSpan limit)
    {
        var load = _load ?? Begin(limit);
        if (limit < load.Limit) load.Limit = limit;
        return load;
    }

    private ViewLoad Begin(TimeSpan limit)
    {
        var load = _load = new ViewLoad(Time.GetTimestamp(), Mark, limit);
        load.Completion = RunAsync(load);
        return load;
    }

    private async Task<InferenceException?> RunAsync(ViewLoad load)
    {
        try
        {
            Keep(load, await View.QueryAsync(_userId));
            return null;
        }
        catch (InferenceException e)
        {
            return e;
        }
        finally
        {
            _load = null;
        }
    }

    private void Keep(ViewLoad load, LoadedRow loaded)
    {
        (_loaded, _isKnown, _loadedMark) = (loaded.Row, loaded.Known, load.Mark);
        if (Options.EventTimeColumn is null) _pushed.Retire(load.StartedAt, load.Limit, load.Mark);
        else _pushed.Settle(loaded.EventTime, load.Mark);
        if (!(_eventTime > loaded.EventTime)) _eventTime = loaded.EventTime ?? _eventTime;
        Combine();
    }

    // As old as its oldest part.
    private void Combine()
    {
        var row = View.IsPushed ? FeatureRow.Defaults(View.Columns, Time.GetTimestamp(), degraded: false) : _loaded;
        if (_pushed.IsEmpty || (row is null && NeedsRow))
        {
            Row = row;
            return;
        }

        var values = _pushed.Over(row?.Values ?? new FeatureValue[View.Columns.Count]);
        Row = new FeatureRow(values, NeedsRow ? Math.Min(row!.ReadAt, _pushed.OldestAt) : _pushed.OldestAt);
    }

    private bool IsFreshWithin(TimeSpan limit)
    {
        if (Row is null) return false;
        var mark = Mark;
        return _pushed.AreFresh(limit, mark) && (!NeedsRow || (_loadedMark >= mark && RowAge < limit && RowAge < RowTtl));
    }

    private TimeSpan RowAge => Time.GetElapsedTime(_loaded!.ReadAt);

    // Neither what somebody said has changed, nor what the caller calls too old, nor a user who may have come to be since.
    private bool MayServeWhileRevalidating(TimeSpan? maxAge)
    {
        if (Row is null || Options.StaleWhileRevalidate == TimeSpan.Zero || Age >= (maxAge ?? TimeSpan.MaxValue) || Age >= (Options.MaxAge ?? TimeSpan.MaxValue)) return false;
        var mark = Mark;
        var last = Options.Ttl + Options.StaleWhileRevalidate;
        return _pushed.AreFresh(last, mark) && (!NeedsRow || (_loadedMark >= mark && _isKnown && RowAge < last));
    }

    private bool MayServeAfterFailure() =>
        Row is not null && Options.StaleIfError > TimeSpan.Zero
        && _pushed.AreWithin(Options.Ttl + Options.StaleIfError) && (!NeedsRow || RowAge < RowTtl + Options.StaleIfError);
}
