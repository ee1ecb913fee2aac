namespace OrleansInference.Grains.Features.Views;

/// <summary>What was pushed for one user and one view and is ahead of the database, column by column.</summary>
/// <remarks>Belongs to one user's grain and runs on its turns only.</remarks>
internal sealed class PushedValues(IReadOnlyList<FeatureColumn> columns, TimeProvider time)
{
    // Most users have nothing pushed.
    private PushedValue?[] _values = [];

    public bool IsEmpty => Array.TrueForAll(_values, value => value is null);

    /// <summary>Whether every column was pushed, so that nothing is missing without the database.</summary>
    public bool IsComplete => _values.Length > 0 && Array.TrueForAll(_values, value => value is not null);

    /// <summary>When the oldest of the values came; <see cref="long.MaxValue"/> where there are none.</summary>
    public long OldestAt => _values.Min(value => value?.At) ?? long.MaxValue;

    public PushedValue? this[int column]
    {
        get => _values.Length > 0 ? _values[column] : null;
        set
        {
            if (_values.Length == 0) _values = new PushedValue?[columns.Count];
            _values[column] = value;
        }
    }

    /// <summary>Whether each of the values is younger than <paramref name="limit"/>, and nobody has said since that it changed.</summary>
    public bool AreFresh(TimeSpan limit, long mark)
    {
        // Asked by each prediction, and a predicate would be made anew for it.
        foreach (var value in _values)
        {
            if (value is not null && !IsFresh(value, limit, mark)) return false;
        }

        return true;
    }

    /// <summary>Whether each of the values is younger than <paramref name="limit"/>.</summary>
    public bool AreWithin(TimeSpan limit) => Array.TrueForAll(_values, value => value is null || time.GetElapsedTime(value.At) < limit);

    /// <summary>A database's values with these before them.</summary>
    public FeatureValue[] Over(FeatureValue[] values) => [.. values.Select((value, i) => this[i]?.Value ?? value)];

    /// <summary>Other values with those of these before them that are still fresh.</summary>
    public FeatureValue[] FreshOver(FeatureValue[] values, TimeSpan limit, long mark) =>
        [.. values.Select((value, i) => this[i] is { } pushed && IsFresh(pushed, limit, mark) ? pushed.Value : value)];

    /// <summary>Lets go of what a row by its own event time has overtaken; the rest is known to be the latest as of now.</summary>
    public void Settle(DateTimeOffset? rowEventTime, long mark)
    {
        var now = time.GetTimestamp();
        for (var i = 0; i < _values.Length; i++)
            _values[i] = _values[i] is { } value && !(value.EventTime <= rowEventTime) ? value with { At = Math.Max(now, value.At), Mark = Math.Max(mark, value.Mark) } : null;
    }

    /// <summary>Lets go of what came before a query began and has stood its time, or was said to have changed, so that what the query found stands.</summary>
    public void Retire(long queryBegan, TimeSpan limit, long mark)
    {
        for (var i = 0; i < _values.Length; i++)
        {
            if (_values[i] is { } value && (value.Mark < mark || (value.At <= queryBegan && time.GetElapsedTime(value.At) >= limit))) _values[i] = null;
        }
    }

    /// <summary>A copy, with others before these.</summary>
    public PushedValues With(IEnumerable<(int Column, PushedValue Value)> others)
    {
        var copy = new PushedValues(columns, time) { _values = [.. _values] };
        foreach (var (column, value) in others) copy[column] = value;
        return copy;
    }

    /// <summary>Those of a mark or a later one, in a form that outlives the process.</summary>
    public PushedColumn[] Keep(long mark)
    {
        var now = time.GetUtcNow();
        return [.. columns.Select((column, i) => this[i] is { } value && value.Mark >= mark ? PushedColumn.Of(column, value, now - time.GetElapsedTime(value.At)) : null).OfType<PushedColumn>()];
    }

    /// <summary>Puts back what <see cref="Keep"/> gave, by the columns' names; what is later here stays.</summary>
    public void PutBack(IReadOnlyList<PushedColumn> kept, long mark)
    {
        for (var i = 0; i < columns.Count; i++)
        {
            var one = kept.FirstOrDefault(column => column.Name == columns[i].Name);
            if (one?.ValueFor(columns[i]) is { } value && !(one.EventTime <= this[i]?.EventTime)) this[i] = new PushedValue(value, one.EventTime, ToTimestamp(one.PushedAt), mark);
        }
    }

    public void Clear() => Array.Clear(_values);

    private bool IsFresh(PushedValue value, TimeSpan limit, long mark) => value.Mark >= mark && time.GetElapsedTime(value.At) < limit;

    // By the clock of a silo that was ahead, it is younger than now: that must not add to its time.
    private long ToTimestamp(DateTimeOffset at)
    {
        var age = time.GetUtcNow() - at is var since && since > TimeSpan.Zero ? since : TimeSpan.Zero;
        return time.GetTimestamp() - (long)(age.TotalSeconds * time.TimestampFrequency);
    }
}

/// <summary>One pushed value.</summary>
/// <param name="Value">The value, or the column's default where null was pushed.</param>
/// <param name="EventTime">When it came to be.</param>
/// <param name="At">TimeProvider timestamp of its arrival, or of the last query that found the database behind it.</param>
/// <param name="Mark">The user's mark at that moment.</param>
internal sealed record PushedValue(FeatureValue Value, DateTimeOffset EventTime, long At, long Mark);
