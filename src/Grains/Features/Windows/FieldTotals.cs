namespace OrleansInference.Grains.Features.Windows;

/// <summary>One field over some events, which come from the latest to the oldest.</summary>
internal struct FieldTotals
{
    public long Count;
    public double Sum;
    public double Min;
    public double Max;
    public double Last;

    public static FieldTotals None => new() { Min = double.PositiveInfinity, Max = double.NegativeInfinity, Last = double.NaN };

    /// <summary>Adds an event that is older than all before it.</summary>
    public void AddOlder(double value)
    {
        if (double.IsNaN(value)) return;
        if (Count == 0) Last = value;
        Count++;
        Sum += value;
        if (value < Min) Min = value;
        if (value > Max) Max = value;
    }

    /// <summary>Adds events that are older than all before them.</summary>
    public void AddOlder(in FieldTotals older)
    {
        if (older.Count == 0) return;
        if (Count == 0) Last = older.Last;
        Count += older.Count;
        Sum += older.Sum;
        if (older.Min < Min) Min = older.Min;
        if (older.Max > Max) Max = older.Max;
    }
}
