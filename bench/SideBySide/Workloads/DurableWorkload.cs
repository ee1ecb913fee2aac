using OrleansInference.SideBySide.Measuring;
using OrleansInference.SideBySide.Servers;
using OrleansInference.SideBySide.Setup;

namespace OrleansInference.SideBySide.Workloads;

/// <summary>A' and E: every answered prediction is in SQLite on disk (<c>synchronous=FULL</c>); ours in shared commits, the contenders' with one insert each.</summary>
internal sealed class DurableWorkload(string letter, string title, string model) : IWorkload
{
    public string Letter => letter;

    /// <summary>Whether the same without a log is compared too, and the CPU of a prediction.</summary>
    public bool ComparesCost { get; init; }

    public async Task<WorkloadResult> RunAsync(Bench bench, CancellationToken cancellationToken)
    {
        // Who waits for a disk keeps no core busy, so it takes more of them to see the most that is possible.
        const int Connections = Bench.ManyConnections;
        var contenders = bench.Contenders;
        var ours = contenders.OrleansInference();
        List<Contestant> contestants =
        [
            await bench.PeakAsync(ours, model, cancellationToken, servedAs: ServedModels.Durable(model), connections: Connections),
            await bench.PeakAsync(contenders.DurableMinimalApi, model, cancellationToken, connections: Connections),
        ];
        if (ComparesCost) contestants.Add(await bench.PeakAsync(ours, model, cancellationToken, name: $"{ours.Name}, log off", connections: Connections));
        if (ComparesCost && !bench.Quick) contestants.Add(await bench.PeakAsync(contenders.DurableFastApi, model, cancellationToken, connections: Connections));
        var turns = await bench.Rounds.RunAsync(contestants, cancellationToken);

        List<Aim> aims = [new($"{letter}: requests/s over minimal-api's with one insert each", turns[0].Over(turns[1], turn => turn.PerSecond), 4)];
        if (ComparesCost)
        {
            aims.Add(new($"{letter}: requests/s over those with the log off", turns[0].Over(turns[2], turn => turn.PerSecond), 0.6));
            aims.Add(new($"{letter}: CPU of a prediction over minimal-api's with one insert each", turns[0].Over(turns[1], turn => turn.CpuMicroseconds), 0.7, AtMost: true));
        }

        return new WorkloadResult(letter, title, turns, aims);
    }
}
