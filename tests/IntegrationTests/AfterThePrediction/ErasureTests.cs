using System.Net;
using System.Text;
using IntegrationTests.Infrastructure;
using OrleansInference;

namespace IntegrationTests.AfterThePrediction;

/// <summary>DELETE /v1/users/{id}: when it answers, nothing knows the user any more.</summary>
public sealed class ErasureTests(PrivateDemoServer demo) : IClassFixture<PrivateDemoServer>
{
    [Fact]
    public async Task Delete_UserWithPredictionsAndAlerts_NothingKnowsTheUser()
    {
        const string User = "erase-me-7f3a";
        await using var server = await InProcessServer.StartPatientDemoAsync();
        for (var i = 0; i < 3; i++) await PredictAsync(server, User, amount: 500);
        await PredictAsync(server, "stays", amount: 500);
        Assert.True(FilesHold(server.DataDirectory, User));

        var (status, erased) = await DeleteAsync(server, User);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal((User, 3, 6, false), (erased.GetProperty("user_id").GetString(), erased.GetProperty("predictions").GetInt32(), erased.GetProperty("messages").GetInt32(), erased.GetProperty("pseudonymised").GetBoolean()));
        Assert.False(FilesHold(server.DataDirectory, User));
        var known = await server.Client.GetUserAsync(User);
        Assert.Equal((null, 0, 0), (known.LastSequence, known.Features.Count, known.LastPredictions.Count));
        Assert.Equal(["-!stays"], server.Log.Read("SELECT DISTINCT user FROM predictions", row => row.GetString(0)));
    }

    [Fact]
    public async Task Delete_ThenPredict_BeginsAnew()
    {
        const string User = "again";
        await PredictAsync(demo.Server, User);
        await PredictAsync(demo.Server, User);
        await DeleteAsync(demo.Server, User);

        await PredictAsync(demo.Server, User);

        Assert.Equal(1, (await demo.Server.Client.GetUserAsync(User)).LastSequence);
    }

    [Fact]
    public async Task Delete_WhilePredictionsRun_AnsweredAfterwardsAreAllThatIsThere()
    {
        const string User = "busy";
        var before = Enumerable.Range(0, 100).Select(_ => PredictAsync(demo.Server, User)).ToArray();
        var erasure = DeleteAsync(demo.Server, User);
        var after = Enumerable.Range(0, 100).Select(_ => PredictAsync(demo.Server, User)).ToArray();

        await Task.WhenAll([.. before, .. after]);
        var erased = (await erasure).Body.GetProperty("predictions").GetInt32();

        // Each was recorded either before, and is gone, or after, and is there.
        var left = demo.Server.Log.Read("SELECT count(*) FROM predictions WHERE user = '-!busy'", row => row.GetInt32(0)).Single();
        Assert.Equal(200, erased + left);
        Assert.Empty(demo.Server.Log.Read("SELECT seq FROM predictions WHERE user = '-!busy' GROUP BY seq HAVING count(*) > 1", row => row.GetInt64(0)));
    }

    [Fact]
    public async Task Delete_PseudonymiseConfigured_KeepsThePredictionsUnderARandomUser()
    {
        const string User = "erase-me-91bc";
        await using var server = await InProcessServer.StartPatientDemoAsync("Inference:Erasure:Log=Pseudonymise");
        var id = (await PredictAsync(server, User, amount: 500)).PredictionId;

        var (_, erased) = await DeleteAsync(server, User);

        Assert.True(erased.GetProperty("pseudonymised").GetBoolean());
        Assert.False(FilesHold(server.DataDirectory, User));
        Assert.StartsWith("erased-", (await server.Client.GetPredictionAsync(id)).UserId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_UnknownUser_RemovesNothing()
    {
        var (status, erased) = await DeleteAsync(demo.Server, "nobody%2Fat all");

        Assert.Equal((HttpStatusCode.OK, "nobody/at all", 0), (status, erased.GetProperty("user_id").GetString(), erased.GetProperty("predictions").GetInt32()));
    }

    [Fact]
    public async Task Delete_InvalidUser_IsRefused()
    {
        var (status, problem) = await DeleteAsync(demo.Server, new string('x', 129));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.Equal("user_id", problem.GetProperty("errors")[0].GetProperty("field").GetString());
    }

    private static Task<Prediction> PredictAsync(InProcessServer server, string user, int amount = 10) => server.Client.PredictAsync(
        new PredictionRequest { UserId = user, Fields = [new("raw_feature", "3156"), new("amount", amount)] }, TestContext.Current.CancellationToken);

    private static async Task<(HttpStatusCode Status, System.Text.Json.JsonElement Body)> DeleteAsync(InProcessServer server, string user)
    {
        using var response = await server.Http.DeleteAsync($"/v1/users/{user}", TestContext.Current.CancellationToken);
        return (response.StatusCode, await Json.ReadAsync(response));
    }

    private static bool FilesHold(string folder, string text) => Directory.EnumerateFiles(folder, "inference.db*").Any(file => Holds(file, Encoding.UTF8.GetBytes(text)));

    private static bool Holds(string file, byte[] text)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray().AsSpan().IndexOf(text) >= 0;
    }
}
