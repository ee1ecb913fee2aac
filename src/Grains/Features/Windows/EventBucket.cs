namespace OrleansInference.Grains.Features.Windows;

/// <summary>Old events of one user that are no longer kept one by one.</summary>
/// <param name="First">Ticks of the oldest.</param>
/// <param name="Last">Ticks of the newest.</param>
/// <param name="Count">How many.</param>
/// <param name="Fields">Their totals by field.</param>
internal sealed record EventBucket(long First, long Last, long Count, FieldTotals[] Fields)
{
    /// <summary>Both together; <paramref name="newer"/> holds the newer events.</summary>
    public static EventBucket Join(EventBucket older, EventBucket newer)
    {
        var fields = (FieldTotals[])newer.Fields.Clone();
        for (var i = 0; i < fields.Length; i++) fields[i].AddOlder(older.Fields[i]);
        return new EventBucket(Math.Min(older.First, newer.First), Math.Max(older.Last, newer.Last), older.Count + newer.Count, fields);
    }
}
