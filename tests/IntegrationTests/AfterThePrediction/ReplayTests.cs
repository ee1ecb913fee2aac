using System.Net;
using IntegrationTests.Infrastructure;
using OrleansInference;

namespace IntegrationTests.AfterThePrediction;

/// <summary>POST /v1/predictions/{id}/replay: the logged input once more.</summary>
public sealed class ReplayTests(PrivateDemoServer demo) : IClassFixture<PrivateDemoServer>
{
    [Fact]
    public async Task Replay_SameVersion_IsBitEqualAndRecordsNothing()
    {
        var predictions = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => PredictAsync($"{i}", i)));
        var before = demo.Server.Log.CountPredictions();

        // At the same time, so that both the recorded and the replayed ones went through batches of any size.
        var replayed = await Task.WhenAll(predictions.Select(prediction => demo.Server.Client.ReplayAsync(prediction.PredictionId, null, TestContext.Current.CancellationToken)));

        Assert.All(replayed, one => Assert.True(one.BitEqual, $"{one}"));
        Assert.All(predictions.Zip(replayed), pair => Assert.Equal((pair.First.Value, 2, 2), (pair.Second.Value, pair.Second.Version, pair.Second.RecordedVersion)));
        Assert.Equal(before, demo.Server.Log.CountPredictions());
    }

    [Fact]
    public async Task Replay_OtherVersion_ShowsBothAndTheDifference()
    {
        var prediction = await PredictAsync("a", 300);

        var (status, body) = await demo.Server.Http.PostJsonAsync($"/v1/predictions/{prediction.PredictionId}/replay?version=1", "");

        Assert.Equal(HttpStatusCode.OK, status);
        var (recorded, replayed) = (body.GetProperty("recorded"), body.GetProperty("replayed"));
        Assert.Equal(("2", "1"), (recorded.GetProperty("model_version").GetString(), replayed.GetProperty("model_version").GetString()));
        Assert.Equal(prediction.Value, recorded.GetProperty("prediction").GetDouble());
        Assert.Equal(replayed.GetProperty("prediction").GetDouble() - prediction.Value, body.GetProperty("difference").GetDouble(), 12);
        Assert.False(body.GetProperty("bit_equal").GetBoolean());
    }

    [Fact]
    public async Task Replay_VersionThatIsGone_IsNotFoundNamingWhatIsServed()
    {
        var prediction = await PredictAsync("b", 10);

        var (status, problem) = await demo.Server.Http.PostJsonAsync($"/v1/predictions/{prediction.PredictionId}/replay?version=7", "");

        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Equal("Model fraud has no version '7'. It serves: 1, 2.", problem.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task Replay_UnknownPrediction_IsNotFound()
    {
        var (status, _) = await demo.Server.Http.PostJsonAsync($"/v1/predictions/{Guid.CreateVersion7()}/replay", "");

        Assert.Equal(HttpStatusCode.NotFound, status);
    }

    private Task<Prediction> PredictAsync(string user, int amount) => demo.Server.Client.PredictAsync(
        new PredictionRequest { UserId = user, Fields = [new("raw_feature", "3156"), new("amount", amount)] }, TestContext.Current.CancellationToken);
}
