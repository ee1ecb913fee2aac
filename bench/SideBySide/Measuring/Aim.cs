namespace OrleansInference.SideBySide.Measuring;

/// <summary>What a comparison should give, and what it gave.</summary>
/// <param name="What">What is compared with what.</param>
/// <param name="Measured">The figure of each round.</param>
/// <param name="Wanted">The least, or with <paramref name="AtMost"/> the most, that it should be.</param>
/// <param name="AtMost">Whether less is better.</param>
internal sealed record Aim(string What, Spread Measured, double Wanted, bool AtMost = false)
{
    public bool IsMet => AtMost ? Measured.Median <= Wanted : Measured.Median >= Wanted;
}
