namespace OrleansInference.Grains.PostProcessing;

/// <summary>Records of one user that build on each other: once one of them is not written, no later one is.</summary>
/// <remarks>
/// What a prediction was made from may hold what earlier ones of the user left, so it must not outlive them. Whoever fails to
/// write a record breaks its chain; whoever writes asks first; the user's grain begins another chain after a break.
/// Threads: any.
/// </remarks>
public sealed class RecordChain
{
    private volatile bool _isBroken;

    public bool IsBroken => _isBroken;

    public void Break() => _isBroken = true;
}
