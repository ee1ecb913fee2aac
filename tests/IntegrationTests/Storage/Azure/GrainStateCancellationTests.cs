using System.Diagnostics;
using IntegrationTests.Infrastructure;
using Orleans;
using OrleansInference.Grains.Users;

namespace IntegrationTests.Storage.Azure;

/// <summary>An account that takes connections and does not answer: who gives up is let go, and attempts end in bounded time.</summary>
public sealed class GrainStateCancellationTests(AzuriteTestServer azurite)
{
    [Theory]
    [InlineData("AzureTable")]
    [InlineData("AzureBlob")]
    public async Task Read_CancelledWhileItWaits_EndsAndLeavesTheState(string provider)
    {
        var place = await azurite.FindPlaceAsync();
        await using var store = await GrainStateStore.StartAsync(place.GrainState(provider));
        var state = new GrainState<UserSnapshot>(GrainStateStore.Snapshot(7), "etag");
        using var cancellation = new CancellationTokenSource();
        await place.Server.PauseAsync();
        try
        {
            var reading = store.Storage.ReadStateAsync(GrainStateStore.StateName, GrainStateStore.NewGrain(), state, cancellation.Token);
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        }
        finally
        {
            await place.Server.ResumeAsync();
        }

        Assert.Equal((7L, "etag"), (state.State!.Sequence, state.ETag));
    }

    [Theory]
    [InlineData("AzureTable")]
    [InlineData("AzureBlob")]
    public async Task Write_NobodyAnswers_FailsAfterTheConfiguredAttempts(string provider)
    {
        var place = await azurite.FindPlaceAsync();
        await using var store = await GrainStateStore.StartAsync([.. place.GrainState(provider), "Inference:GrainState:AttemptTimeout=00:00:00.5"]);
        await place.Server.PauseAsync();
        try
        {
            var startedAt = Stopwatch.GetTimestamp();

            await Assert.ThrowsAnyAsync<Exception>(() => store.WriteNewAsync(GrainStateStore.NewGrain(), 1));

            // Three attempts; the libraries' own waits would add up to minutes.
            Assert.InRange(Stopwatch.GetElapsedTime(startedAt), TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(30));
        }
        finally
        {
            await place.Server.ResumeAsync();
        }
    }
}
