using System.Globalization;
using IntegrationTests.Infrastructure;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;
using OrleansInference.Grains.Users;

namespace IntegrationTests.Storage.Azure;

/// <summary>Sequences of four operations on two grains against a model of what must come out.</summary>
/// <remarks>
/// Nine operations make 6,561 sequences. By default every pair of first operations is tried with a few of the rest, by a fixed
/// seed (243 sequences, seconds); with INFERENCE_TESTS_SOAK=1 all of them.
/// </remarks>
public sealed class GrainStateModelTests(AzuriteTestServer azurite)
{
    private const int Depth = 4;
    private const int AtOnce = 8;

    // In the tables' form, which they insist on.
    private const string NoSuchETag = "W/\"datetime'2000-01-01T00%3A00%3A00.0000000Z'\"";

    private static readonly (int Grain, string Kind)[] Operations =
    [
        (0, "read"), (0, "write new"), (0, "write current"), (0, "write stale"), (0, "clear current"), (0, "clear stale"),
        (1, "write new"), (1, "write current"), (1, "clear current"),
    ];

    [Theory]
    [InlineData("AzureTable")]
    [InlineData("AzureBlob")]
    public async Task Sequences_OfOperations_DoWhatTheModelSays(string provider)
    {
        await using var store = await GrainStateStore.StartAsync((await azurite.FindPlaceAsync()).GrainState(provider));
        var all = Enumerable.Range(0, (int)Math.Pow(Operations.Length, Depth)).ToArray();
        new Random(6_561).Shuffle(all);
        var pairs = Operations.Length * Operations.Length;
        var tried = all.GroupBy(sequence => sequence % pairs).SelectMany(group => group.Take(Soak.Rounds(inEachRun: 3, whole: pairs)));

        await Parallel.ForEachAsync(tried, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = TestContext.Current.CancellationToken }, async (sequence, _) => await RunAsync(store, provider, sequence));
    }

    private static async Task RunAsync(GrainStateStore store, string provider, int sequence)
    {
        Modelled[] grains = [new(GrainStateStore.NewGrain()), new(GrainStateStore.NewGrain())];
        var done = new List<string>();
        for (var step = 0; step < Depth; step++, sequence /= Operations.Length)
        {
            var (grain, kind) = Operations[sequence % Operations.Length];
            done.Add(string.Create(CultureInfo.InvariantCulture, $"{kind} {grain}"));
            await StepAsync(store, grains[grain], kind, provider, step, string.Join(", ", done));
        }
    }

    private static async Task StepAsync(GrainStateStore store, Modelled grain, string kind, string provider, int step, string done)
    {
        var etag = kind.EndsWith("current", StringComparison.Ordinal) ? grain.ETag : kind.EndsWith("stale", StringComparison.Ordinal) ? grain.Stale ?? NoSuchETag : null;
        var state = new GrainState<UserSnapshot>(GrainStateStore.Snapshot(step + 1), etag);
        var refused = await Record.ExceptionAsync(() => kind[0] switch
        {
            'w' => store.Storage.WriteStateAsync(GrainStateStore.StateName, grain.Id, state),
            'c' => store.ClearAsync(grain.Id, state),
            _ => Task.CompletedTask,
        });
        var mustRefuse = kind is "write stale" or "clear stale" || kind is "write new" && grain.ETag is not null;

        // To clear a blob that is gone may count as done, whatever was believed of it.
        var mayBeDone = kind is "clear stale" && grain.ETag is null && provider == "AzureBlob";
        Assert.True(
            refused is InconsistentStateException ? mustRefuse : refused is null && (!mustRefuse || mayBeDone), $"{done}: {(mustRefuse ? "must be refused" : "must be done")}, but: {refused}");
        if (refused is null && kind[0] == 'w') grain.Write(step + 1, state.ETag!);
        if (refused is null && kind[0] == 'c') grain.Clear();

        var read = await store.ReadAsync(grain.Id);
        Assert.True(
            (read.RecordExists, read.ETag, read.State!.Sequence) == (grain.ETag is not null, grain.ETag, grain.Value),
            $"{done}: expected {grain.Value} ({grain.ETag}), read {read.State.Sequence} ({read.ETag})");
    }

    private sealed class Modelled(GrainId id)
    {
        public GrainId Id => id;

        public long Value { get; private set; }

        /// <summary>What is stored; null for nothing.</summary>
        public string? ETag { get; private set; }

        /// <summary>What was stored before; null for nothing.</summary>
        public string? Stale { get; private set; }

        public void Write(long value, string etag) => (Value, ETag, Stale) = (value, etag, ETag ?? Stale);

        public void Clear() => (Value, ETag, Stale) = (0, null, ETag ?? Stale);
    }
}
