using OrleansInference.SideBySide.Load;
using OrleansInference.SideBySide.Measuring;
using OrleansInference.SideBySide.Servers;
using OrleansInference.SideBySide.Setup;

namespace OrleansInference.SideBySide.Workloads;

/// <summary>What every workload needs: servers, the files that they share, and how turns are taken.</summary>
internal sealed record Bench(Workspace Workspace, Contenders Contenders, Fleet Fleet, Rounds Rounds, TimeSpan Turn, int Pairs, bool Quick)
{
    public const int Connections = 64;

    /// <summary>Of those who are to keep every thread busy.</summary>
    public const int ManyConnections = 256;

    private static readonly TimeSpan RunUp = TimeSpan.FromMilliseconds(500);

    /// <summary>A contestant that is asked for predictions as fast as it answers, checked before.</summary>
    public async Task<Contestant> PeakAsync(Contender contender, string model, CancellationToken cancellationToken, string? servedAs = null, string? name = null, int connections = Connections)
    {
        var server = await Fleet.GetAsync(contender, cancellationToken);
        await AnswerCheck.ThrowIfWrongAsync(Workspace, contender, server, model, Payments.Path(servedAs ?? model), cancellationToken);
        var requests = Payments.Cycle(servedAs ?? model, UserFeatures.CommonUsers, 10 * UserFeatures.CommonUsers);
        return new Contestant(name ?? contender.Name, server, turn => ClosedLoop.RunAsync(server.Port, connections, turn, requests.Next));
    }

    /// <summary>The same at a fixed rate.</summary>
    public async Task<Contestant> AtRateAsync(Contender contender, string model, double perSecond, CancellationToken cancellationToken)
    {
        var server = await Fleet.GetAsync(contender, cancellationToken);
        var requests = Payments.Cycle(model, UserFeatures.CommonUsers, 10 * UserFeatures.CommonUsers);
        return new Contestant(contender.Name, server, turn => OpenLoop.RunAsync(server.Port, perSecond, turn, requests.Next))
        {
            // Who has just been woken is behind for a moment, and a fixed rate does not wait.
            PrepareAsync = () => OpenLoop.RunAsync(server.Port, perSecond, RunUp, requests.Next),
        };
    }
}
