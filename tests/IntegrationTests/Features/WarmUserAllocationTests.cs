extern alias bench;

using bench::OrleansInference.SideBySide.Load;
using IntegrationTests.Infrastructure;

namespace IntegrationTests.Features;

/// <summary>What a prediction over REST leaves to the garbage collector, as measured in docs/benchmarks.md.</summary>
[Collection<MeasuresItsProcess>]
public sealed class WarmUserAllocationTests
{
    private const int Predictions = 2_000;

    // With room for what is not compiled in full yet.
    private const long MostBytes = 12_000;

    [Fact]
    public async Task Predict_WarmUserNothingLogged_AllocatesLittle()
    {
        var directory = new TestDirectory();
        var users = new StoredUsers(directory);
        await using var server = await InProcessServer.StartAsync(
            directory,
            [
                .. FeatureModel.Write(directory, "stored.value", """ "features": [ "stored" ], "logging": "off" """),
                $"Inference:FeatureViews:stored:{users.Setting}",
                $"Inference:FeatureViews:stored:Sql={StoredUsers.Sql}",
                "Inference:FeatureViews:stored:Ttl=01:00:00",
                "Inference:FeatureViews:stored:Columns:value:Default=-1",
            ]);
        using var caller = await HttpExchange.ConnectAsync(server.Http.BaseAddress!.Port, TestContext.Current.CancellationToken);
        var request = HttpExchange.Post("/v1/models/identity/predict", """{"user_id": 1, "key": "3156"}""");

        // Whatever else the process does only adds.
        var least = long.MaxValue;
        for (var round = 0; round < 5; round++) least = Math.Min(least, await MeasureAsync(caller, request));

        Assert.InRange(least, 1, MostBytes);
    }

    private static async Task<long> MeasureAsync(HttpExchange caller, byte[] request)
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var i = 0; i < Predictions; i++) Assert.Equal(200, await caller.SendAsync(request, TestContext.Current.CancellationToken));
        return (GC.GetTotalAllocatedBytes(precise: true) - before) / Predictions;
    }
}
