namespace OrleansInference.Grains.Features.Views;

/// <summary>One user's values of one view: from memory while they are fresh, from one query however many ask, and as stale where the view allows it.</summary>
/// <remarks>
/// Promises: what is called fresh is younger than Ttl, MaxAge and the last word that it changed; one query at a time; a query
/// belongs to all that wait for it; an accepted push is in every later read until it has stood its time.
/// Lives in the user's grain: every member runs on its turns, so there is no lock.
/// </remarks>
internal sealed class CachedFeatureView : IDisposable
{
    private readonly string _userId;
    private readonly TimeProvider _time;
    private readonly ViewMarks.UserMark _mark;
    private readonly PushedValues _pushed;
    private LoadedRow? _loaded;
    private long _loadedMark;
    private DateTimeOffset? _eventTime;
    private ViewLoad? _load;

    public CachedFeatureView(FeatureView view, string userId, TimeProvider time)
    {
        View = view;
        _userId = userId;
        _time = time;
        _mark = view.Marks.Register(userId, isNamed: view.Options.InvalidationChannel is not null);
        _pushed = new PushedValues(view.Columns, time);
        Combine();
    }

    public FeatureView View { get; }

    /// <summary>The values as they would be used, fresh or not; null where there are none.</summary>
    public FeatureRow? Row { get; private set; }

    /// <summary>Time since the oldest of the values was read or pushed.</summary>
    public TimeSpan Age => Row is null ? TimeSpan.Zero : _time.GetElapsedTime(Row.ReadAt);

    public bool IsFresh => IsFreshWithin(Options.Lifetime);

    /// <summary>Whether there is neither a row of the user in the database nor anything pushed: the values are defaults.</summary>
    public bool IsUnknown => _pushed.IsEmpty && _loaded is not { Known: true };

    /// <summary>The latest event time that was pushed or read.</summary>
    public DateTimeOffset? EventTime => _eventTime;

    private FeatureViewOptions Options => View.Options;

    // What was pushed in full needs no row.
    private bool NeedsRow => !View.IsPushed && !_pushed.IsComplete;

    private TimeSpan RowTtl => _loaded!.Known ? Options.Ttl : Options.EffectiveUnknownTtl;

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
        foreach (var (column, value) in values) _pushed[column] = new PushedValue(value, eventTime, _time.GetTimestamp(), _mark.Current);
        _eventTime = eventTime;
        Combine();
        return true;
    }

    /// <summary>Makes the values stale at once; what was pushed to a view without a query is forgotten.</summary>
    public void Invalidate()
    {
        _mark.Raise();
        if (!View.IsPushed) return;
        _pushed.Clear();
        Combine();
    }

    /// <summary>What was pushed, is ahead of the database and was not said to have changed since, to be kept elsewhere; null where nothing is.</summary>
    public PushedFeatures? GetPushed()
    {
        var (now, mark) = (_time.GetUtcNow(), _mark.Current);
        var columns = View.Columns.Select((column, i) => _pushed[i] is { } value && value.Mark >= mark
            ? PushedColumn.Of(column, value, now - _time.GetElapsedTime(value.At))
            : null);
        return columns.OfType<PushedColumn>().ToArray() is { Length: > 0 } ahead ? new PushedFeatures(_eventTime!.Value, ahead) : null;
    }

    /// <summary>Puts back what <see cref="GetPushed"/> gave, with the age that it has by now; what is later here stays.</summary>
    public void PutBack(PushedFeatures pushed)
    {
        for (var i = 0; i < View.Columns.Count; i++)
        {
            var kept = pushed.Columns.FirstOrDefault(column => column.Name == View.Columns[i].Name);
            if (kept?.ValueFor(View.Columns[i]) is not { } value || kept.EventTime <= _pushed[i]?.EventTime) continue;
            _pushed[i] = new PushedValue(value, kept.EventTime, ToTimestamp(kept.PushedAt), _mark.Current);
        }

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

    public void Dispose() => _mark.Dispose();

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
        var defaults = FeatureRow.Defaults(View.Columns, _time.GetTimestamp(), degraded: true);
        return defaults with { Values = _pushed.FreshOver(defaults.Values, limit, _mark.Current) };
    }

    // Twice where a word of a change came between the beginning of the query under way and this caller.
    private async Task<InferenceException?> LoadAsync(TimeSpan limit, Func<TimeSpan> wait, CancellationToken cancellationToken)
    {
        var wanted = _mark.Current;
        while (true)
        {
            var load = Join(limit);
            try
            {
                var failure = await load.Completion.WaitAsync(wait(), _time, cancellationToken);
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
        var load = _load = new ViewLoad(_time.GetTimestamp(), _mark.Current, limit);
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
        (_loaded, _loadedMark) = (loaded, load.Mark);
        if (Options.EventTimeColumn is null) _pushed.Retire(load.StartedAt, load.Limit, load.Mark);
        else _pushed.Settle(loaded.EventTime, load.Mark);
        if (!(_eventTime > loaded.EventTime)) _eventTime = loaded.EventTime ?? _eventTime;
        Combine();
    }

    // As old as its oldest part.
    private void Combine()
    {
        var row = View.IsPushed ? FeatureRow.Defaults(View.Columns, _time.GetTimestamp(), degraded: false) : _loaded?.Row;
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
        var mark = _mark.Current;
        return _pushed.AreFresh(limit, mark) && (!NeedsRow || (_loadedMark >= mark && RowAge < limit && RowAge < RowTtl));
    }

    private TimeSpan RowAge => _time.GetElapsedTime(_loaded!.Row.ReadAt);

    // Neither what somebody said has changed, nor what the caller calls too old, nor a user who may have come to be since.
    private bool MayServeWhileRevalidating(TimeSpan? maxAge)
    {
        if (Row is null || Options.StaleWhileRevalidate == TimeSpan.Zero || Age >= (maxAge ?? TimeSpan.MaxValue) || Age >= (Options.MaxAge ?? TimeSpan.MaxValue)) return false;
        var mark = _mark.Current;
        var last = Options.Ttl + Options.StaleWhileRevalidate;
        return _pushed.AreFresh(last, mark) && (!NeedsRow || (_loadedMark >= mark && _loaded!.Known && RowAge < last));
    }

    private bool MayServeAfterFailure() =>
        Row is not null && Options.StaleIfError > TimeSpan.Zero
        && _pushed.AreWithin(Options.Ttl + Options.StaleIfError) && (!NeedsRow || RowAge < RowTtl + Options.StaleIfError);

    private long ToTimestamp(DateTimeOffset at)
    {
        var age = _time.GetUtcNow() - at;
        return _time.GetTimestamp() - (long)(age.TotalSeconds * _time.TimestampFrequency);
    }
}
