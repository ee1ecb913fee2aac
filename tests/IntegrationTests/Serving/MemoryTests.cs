using IntegrationTests.Infrastructure;
using OrleansInference;

namespace IntegrationTests.Serving;

/// <summary>The memory of ONNX Runtime, which no garbage collector sees, does not grow with time.</summary>
public sealed class MemoryTests
{
    // What a session holds, measured.
    private const double MiBPerSession = 1.2;

    // A request's input and its larger output, of the mean size.
    private const double MiBPerShape = 2 * 16 * 32 * 32 * sizeof(float) / (1024.0 * 1024);

    private static readonly Dictionary<string, string> NoManifests = [];

    [Fact]
    public async Task Unload_AfterManyLoads_HasFreedEachSession()
    {
        var rounds = Soak.Rounds(inEachRun: 200, whole: 1000);
        await using var silo = await ServingSilo.StartAsync(NoManifests, "mlp-256");

        await LoadAndUnloadAsync(silo, rounds / 4);
        var before = silo.ResidentMiB;
        await LoadAndUnloadAsync(silo, rounds);
        var after = silo.ResidentMiB;

        TestContext.Current.SendDiagnosticMessage($"{before:F0} MiB resident after {rounds / 4} loads and unloads, {after:F0} MiB after {rounds} more");
        Assert.True(after - before < rounds * MiBPerSession / 2, $"{before:F0} MiB grew to {after:F0} MiB in {rounds} loads and unloads.");
    }

    /// <summary>The arena keeps what the largest requests needed; it must not keep what each new shape needed.</summary>
    [Fact]
    public async Task Infer_EveryRequestOfAnotherShape_KeepsTheMemory()
    {
        var requests = Soak.Rounds(inEachRun: 2_000, whole: 50_000);
        await using var silo = await ServingSilo.StartAsync(NoManifests, "variable");

        await InferShapesAsync(silo, requests / 4, seed: 1);
        var before = silo.ResidentMiB;
        await InferShapesAsync(silo, requests, seed: 2);
        var after = silo.ResidentMiB;

        TestContext.Current.SendDiagnosticMessage($"{before:F0} MiB resident after {requests / 4} shapes, {after:F0} MiB after {requests} more");
        var most = Soak.Whole ? 0.1 * before : requests * MiBPerShape / 2;
        Assert.True(after - before < most, $"{before:F0} MiB grew to {after:F0} MiB with {requests} requests of varied shapes.");
    }

    private static async Task LoadAndUnloadAsync(ServingSilo silo, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            Assert.Empty((await silo.Client.LoadModelAsync("mlp-256")).LaggingSilos);
            if (round % 10 == 0) await silo.Client.InferAsync("mlp-256", Floats.X([1, 32], new float[32]));
            Assert.Empty((await silo.Client.UnloadModelAsync("mlp-256")).LaggingSilos);
        }
    }

    private static async Task InferShapesAsync(ServingSilo silo, int requests, int seed)
    {
        var random = new Random(seed);
        var shapes = Enumerable.Range(0, requests).Select(_ => new long[] { random.Next(1, 33), random.Next(1, 65), random.Next(1, 65) });
        await Parallel.ForEachAsync(shapes, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (shape, leave) =>
        {
            var response = await silo.Client.InferAsync("variable", Floats.X(shape, new float[shape[0] * shape[1] * shape[2]]), leave);
            Assert.Equal(shape, response.Outputs[0].Shape);
        });
    }
}
