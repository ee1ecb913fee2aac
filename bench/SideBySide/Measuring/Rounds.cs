using OrleansInference.SideBySide.Servers;

namespace OrleansInference.SideBySide.Measuring;

/// <summary>Contestants in turn, round after round, so that what the machine does besides meets all of them alike.</summary>
internal sealed class Rounds(TimeSpan turn, int count, bool quick)
{
    private const string InferenceThreads = "inference-";
    private const int SteadyWindows = 3;
    private const double Steady = 0.05;

    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LongestQuickWarmUp = TimeSpan.FromSeconds(30);

    // A server that has been warmed for another workload has only little left to compile.
    private static readonly TimeSpan LongestWarmUpAgain = TimeSpan.FromSeconds(14);

    private readonly HashSet<ServerProcess> _warmed = [];

    /// <summary>Warms each of them, then lets them take their turns.</summary>
    public async Task<IReadOnlyList<ContestantTurns>> RunAsync(IReadOnlyList<Contestant> contestants, CancellationToken cancellationToken)
    {
        foreach (var contestant in contestants) await WarmAsync(contestant, cancellationToken);
        var turns = contestants.Select(contestant => new ContestantTurns(contestant.Name, [])).ToArray();
        for (var round = 0; round < count; round++)
        {
            for (var i = 0; i < contestants.Count; i++) turns[i].Turns.Add(await TakeTurnAsync(contestants[i], turn, cancellationToken));
        }

        return turns;
    }

    // Until three windows in a row are alike: the code is compiled for what it now does.
    private async Task WarmAsync(Contestant contestant, CancellationToken cancellationToken)
    {
        var windows = new Queue<double>();
        var longest = LongestOf(contestant.Server);
        for (var spent = TimeSpan.Zero; spent < longest; spent += Window)
        {
            windows.Enqueue((await TakeTurnAsync(contestant, Window, cancellationToken)).PerSecond);
            if (windows.Count > SteadyWindows) windows.Dequeue();
            if (windows.Count == SteadyWindows && windows.Max() - windows.Min() <= Steady * windows.Max()) break;
        }

        Console.WriteLine($"  {contestant.Name} is warm: {windows.Last():F0}/s");
    }

    private TimeSpan LongestOf(ServerProcess server)
    {
        if (!_warmed.Add(server)) return LongestWarmUpAgain;
        return quick && LongestQuickWarmUp < server.LongestWarmUp ? LongestQuickWarmUp : server.LongestWarmUp;
    }

    private static async Task<Turn> TakeTurnAsync(Contestant contestant, TimeSpan turn, CancellationToken cancellationToken)
    {
        var server = contestant.Server;
        server.Resume();
        try
        {
            await Task.Delay(Settle, cancellationToken);
            await contestant.PrepareAsync();
            var (cpu, inference) = (server.Tree.CpuTime, server.Tree.CpuTimeOfThreads(InferenceThreads));
            var load = await contestant.LoadAsync(turn);
            if (load.Failures > 0) Console.WriteLine($"  {contestant.Name}: {load.Failures} requests failed in a turn");
            return new Turn(load, server.Tree.CpuTime - cpu, server.Tree.CpuTimeOfThreads(InferenceThreads) - inference, server.Tree.ResidentBytes);
        }
        finally
        {
            server.Pause();
        }
    }
}

/// <summary>A contestant's turns, one of each round.</summary>
internal sealed record ContestantTurns(string Name, List<Turn> Turns)
{
    public double Median(Func<Turn, double> value) => Spread.Of(Turns.Select(value)).Median;

    /// <summary>This one's figure over the other's, of each round.</summary>
    public Spread Over(ContestantTurns other, Func<Turn, double> value) => Spread.Of(Turns.Zip(other.Turns, (mine, theirs) => value(mine) / value(theirs)));
}
