namespace OrleansInference.SideBySide.Measuring;

/// <summary>What a workload gave.</summary>
internal sealed record WorkloadResult(string Letter, string Title, IReadOnlyList<ContestantTurns> Contestants, IReadOnlyList<Aim> Aims)
{
    /// <summary>Whether the requests a second are the most that each could do, and not a rate that was given.</summary>
    public bool IsAtPeak { get; init; } = true;

    /// <summary>Lines under the table.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
