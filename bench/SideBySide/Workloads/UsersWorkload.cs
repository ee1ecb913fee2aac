using System.Globalization;
using OrleansInference.SideBySide.Load;
using OrleansInference.SideBySide.Measuring;
using OrleansInference.SideBySide.Servers;
using OrleansInference.SideBySide.Setup;

namespace OrleansInference.SideBySide.Workloads;

/// <summary>G: the same with more and more users, all of them active; a server for each count.</summary>
internal sealed class UsersWorkload : IWorkload
{
    /// <summary>The most of them.</summary>
    public const int Most = 1_000_000;

    private static readonly int[] Counts = [1_000, 100_000, Most];

    public string Letter => "G";

    public async Task<WorkloadResult> RunAsync(Bench bench, CancellationToken cancellationToken)
    {
        List<Contestant> contestants = [];
        List<string> notes = [];
        foreach (var users in Counts)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{users:N0} users");
            var server = await bench.Fleet.GetAsync(bench.Contenders.With(bench.Workspace.QuickModels).OrleansInference($"{Contenders.Ours}, {users} users"), cancellationToken);
            notes.Add(await ActivateAsync(server, users, name));
            var random = new ThreadLocal<Random>(() => new Random(Environment.CurrentManagedThreadId));
            contestants.Add(new Contestant(name, server, turn => ClosedLoop.RunAsync(server.Port, Bench.Connections, turn, () => Request(random.Value!.Next(users)))));
        }

        var turns = await bench.Rounds.RunAsync(contestants, cancellationToken);
        return new WorkloadResult(
            Letter, "as A, more and more active users", turns,
            [new("G: requests/s of 1,000,000 users over 1,000", turns[^1].Over(turns[0], turn => turn.PerSecond), 0.9)])
        {
            Notes = notes,
        };
    }

    private static async Task<string> ActivateAsync(ServerProcess server, int users, string name)
    {
        server.Resume();
        var next = -1;
        var before = server.Tree.ResidentBytes;
        var startedAt = System.Diagnostics.Stopwatch.GetTimestamp();
        while (next < users) await ClosedLoop.RunAsync(server.Port, Bench.Connections, TimeSpan.FromSeconds(1), () => Request(Interlocked.Increment(ref next) % users));
        var elapsed = System.Diagnostics.Stopwatch.GetElapsedTime(startedAt);
        var grown = server.Tree.ResidentBytes - before;
        server.Pause();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: all active after {elapsed.TotalSeconds:F0} s; resident memory grew by {grown / (1024 * 1024)} MiB, garbage included: {grown / users:N0} bytes each.");
    }

    private static ReadOnlyMemory<byte> Request(int user) => HttpExchange.Post(Payments.Path(BenchmarkModels.Fraud), new Payment(user, 12.5f, Payment.FirstDay).Body);
}
