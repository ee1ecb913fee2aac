using OrleansInference.SideBySide.Measuring;
using OrleansInference.SideBySide.Servers;
using OrleansInference.SideBySide.Setup;

namespace OrleansInference.SideBySide.Workloads;

/// <summary>A, B, C: warm users and one model, nothing logged on either side; how many requests a second at most, and at what cost.</summary>
internal sealed class PeakWorkload(string letter, string title, string model) : IWorkload
{
    public string Letter => letter;

    /// <summary>Least ratio of requests a second to each of the others, by name.</summary>
    public required double OverMinimalApi { get; init; }

    public required double OverFastApi { get; init; }

    public required double OverNode { get; init; }

    /// <summary>Whether the CPU of a prediction is compared too.</summary>
    public bool ComparesCpu { get; init; }

    public async Task<WorkloadResult> RunAsync(Bench bench, CancellationToken cancellationToken)
    {
        var contenders = bench.Contenders;
        Contender[] others = bench.Quick
            ? [contenders.MinimalApi]
            : [contenders.MinimalApi, contenders.DefaultMinimalApi, contenders.FastApi(1), contenders.FastApi(2), contenders.FastApiWithPool, contenders.Node(1), contenders.Node(2)];
        List<Contestant> contestants = [await bench.PeakAsync(contenders.OrleansInference(), model, cancellationToken)];
        foreach (var other in others) contestants.Add(await bench.PeakAsync(other, model, cancellationToken));
        var turns = await bench.Rounds.RunAsync(contestants, cancellationToken);

        var (ours, minimal) = (turns[0], turns[1]);
        List<Aim> aims = [new($"{letter}: requests/s over minimal-api's", ours.Over(minimal, turn => turn.PerSecond), OverMinimalApi)];
        if (ComparesCpu) aims.Add(new($"{letter}: CPU of a prediction over minimal-api's", ours.Over(minimal, turn => turn.CpuMicroseconds), 1, AtMost: true));
        AddBest(aims, ours, turns, "fastapi", OverFastApi);
        AddBest(aims, ours, turns, "node", OverNode);
        return new WorkloadResult(letter, title, turns, aims);
    }

    // Against the best of its forms.
    private void AddBest(List<Aim> aims, ContestantTurns ours, IReadOnlyList<ContestantTurns> turns, string kind, double wanted)
    {
        var best = turns.Where(other => other.Name.StartsWith(kind, StringComparison.Ordinal)).MaxBy(other => other.Median(turn => turn.PerSecond));
        if (best is not null) aims.Add(new($"{letter}: requests/s over {best.Name}'s", ours.Over(best, turn => turn.PerSecond), wanted));
    }
}
