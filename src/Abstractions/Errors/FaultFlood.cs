namespace OrleansInference;

/// <summary>What becomes of a request's faults beyond those that an <see cref="InferenceException"/> tells: they are counted, and no words are made for them.</summary>
public static class FaultFlood
{
    /// <summary>Stands for a fault that is not told, once for each.</summary>
    public static readonly FieldError Untold = new("", "has more faults than are told", null);

    /// <summary>Whether as many faults are there as are told.</summary>
    public static bool IsFlood(this List<FieldError> faults) => faults.Count >= InferenceException.MaxFields;
}
