using System.Collections.Concurrent;
using IntegrationTests.Infrastructure;
using Microsoft.AspNetCore.Http;
using OrleansInference;

namespace IntegrationTests.AfterThePrediction;

/// <summary>What is logged is what was answered, in numbers that are given once, also while the database fails again and again.</summary>
public sealed class LoggedOrderTests
{
    private const int Predictors = 64;
    private const int PredictionsEach = 25;
    private const int MostEach = 2_000;
    private const int Enough = 20;
    private const string Lookup = "SELECT value FROM users WHERE user_id = @user_id";

    [Fact]
    public async Task Predict_OneUserWhileCommitsFail_LogsWhatWasAnsweredUnderUniqueNumbers()
    {
        await using var remote = await TestHttpService.StartAsync(context => context.Response.WriteAsync("""{"value": 1, "text": "t"}"""));
        var directory = new TestDirectory();
        await using var server = await InProcessServer.StartAsync(
            directory, [.. TestModel.Write(directory, Lookup, remote.Address), "Inference:Sqlite:BusyTimeout=00:00:00.001"]);
        await PredictAsync(server, Guid.CreateVersion7());
        var (answered, refused, unsure) = (new ConcurrentBag<Guid>(), new ConcurrentBag<Guid>(), new ConcurrentBag<Guid>());

        await using (new CommitFailures(server.Log))
        {
            await Task.WhenAll(Enumerable.Range(0, Predictors).Select(_ => Task.Run(async () =>
            {
                // On a busy machine the one or the other is rare: until there are enough of both.
                for (var i = 0; i < PredictionsEach || (i < MostEach && Math.Min(answered.Count, refused.Count) < Enough); i++) await AskAsync(server, answered, refused, unsure);
            })));
        }

        var logged = server.Log.ReadPredictionIds();
        Assert.NotEmpty(answered);
        Assert.NotEmpty(refused);
        Assert.Empty(answered.Except(logged));
        Assert.Empty(refused.Intersect(logged));
        Assert.Empty(server.Log.Read("SELECT seq FROM predictions GROUP BY user, seq HAVING count(*) > 1", row => row.GetInt64(0)));
        Assert.Equal(["ok"], server.Log.Read("PRAGMA integrity_check", row => row.GetString(0)));
        TestContext.Current.TestOutputHelper?.WriteLine($"{answered.Count} answered, {refused.Count} refused, {unsure.Count} out of time");
    }

    private static async Task AskAsync(InProcessServer server, ConcurrentBag<Guid> answered, ConcurrentBag<Guid> refused, ConcurrentBag<Guid> unsure)
    {
        var id = Guid.CreateVersion7();
        try
        {
            await PredictAsync(server, id);
            answered.Add(id);
        }
        catch (InferenceException e) when (e.Code is InferenceErrorCode.StorageUnavailable)
        {
            Assert.NotNull(e.RetryAfter);
            refused.Add(id);
        }
        catch (InferenceException e) when (e.Code is InferenceErrorCode.DeadlineExceeded)
        {
            unsure.Add(id);
        }
    }

    private static Task<Prediction> PredictAsync(InProcessServer server, Guid id) => server.Client.PredictAsync(
        new PredictionRequest { PredictionId = id, UserId = "7", Fields = [new("key", "k")] }, TestContext.Current.CancellationToken);
}
