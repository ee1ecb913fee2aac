using System.Text.Json;
using IntegrationTests.Infrastructure;
using OrleansInference;
using OrleansInference.Grains.PostProcessing;

namespace IntegrationTests.Features;

/// <summary>What each prediction of one user counted is what the log holds before it, also while commits fail again and again.</summary>
public sealed class WindowsUnderFailureTests
{
    private const int Predictors = 64;
    private const int PredictionsEach = 10;
    private const int MostEach = 1_000;
    private const int Enough = 20;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);
    private static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.AddHours(-1).ToUnixTimeSeconds());

    [Fact]
    public async Task Predict_OneUserWhileCommitsFail_CountsWhatTheLogHoldsInItsOrder()
    {
        var directory = new TestDirectory();
        await using var server = await InProcessServer.StartAsync(directory, [.. WriteModel(directory), "Inference:Sqlite:BusyTimeout=00:00:00.001"]);
        await AskAsync(server.Client, 0);
        int asked = 0, answered = 0, refused = 0;

        await using (new CommitFailures(server.Log))
        {
            await Task.WhenAll(Enumerable.Range(0, Predictors).Select(_ => Task.Run(async () =>
            {
                // On a busy machine the one or the other is rare: until there are enough of both.
                for (var i = 0; i < PredictionsEach || (i < MostEach && Math.Min(answered, refused) < Enough); i++)
                {
                    if (await AskAsync(server.Client, Interlocked.Increment(ref asked))) Interlocked.Increment(ref answered);
                    else Interlocked.Increment(ref refused);
                }
            })));
        }

        Assert.NotEqual((0, 0), (answered, refused));
        var events = ReadLog(server.Log);
        for (var i = 0; i < events.Count; i++) AssertCounted(events[i], events.Take(i + 1));
        Assert.Equal((answered + 1, refused > 0), (events.Count, true));
        TestContext.Current.TestOutputHelper?.WriteLine($"{answered} answered, {refused} refused");
    }

    // Out of order, as late events are; amounts that no two events share.
    private static async Task<bool> AskAsync(IInferenceClient client, int number)
    {
        try
        {
            await client.PredictAsync(
                new PredictionRequest
                {
                    UserId = "7",
                    Fields = [new("amount", number + 0.25), new("at", Start.AddSeconds(new Random(number).Next(3_600)).ToUnixTimeSeconds())],
                },
                TestContext.Current.CancellationToken);
            return true;
        }
        catch (InferenceException e) when (e.Code is InferenceErrorCode.StorageUnavailable)
        {
            return false;
        }
    }

    private static void AssertCounted(Event counted, IEnumerable<Event> upTo)
    {
        var within = upTo.Where(one => one.At <= counted.At && one.At > counted.At - Window).Select(one => one.Amount).ToArray();
        Assert.True(
            counted.Count == within.Length && Math.Abs(counted.Sum - within.Sum()) < 1e-6,
            $"Number {counted.Sequence} at {counted.At:O}: the log makes {within.Length} events with a sum of {within.Sum()}, but {counted.Count} with {counted.Sum} were counted.");
    }

    private static List<Event> ReadLog(PredictionDatabase log)
    {
        var names = JsonSerializer.Deserialize<string[]>(log.Read("SELECT names FROM record_schemas", row => row.GetString(0)).Single())!;
        int Place(string name) => Array.IndexOf(names, name);
        var (amount, at, count, sum) = (Place("request.amount"), Place("request.at"), Place("spending.count"), Place("spending.sum"));
        return log.Read("SELECT seq, body FROM predictions ORDER BY seq", row =>
        {
            var features = PredictionBody.Decode((byte[])row.GetValue(1)).Features;
            double Number(int place) => features[place].Value.Number;
            return new Event(row.GetInt64(0), DateTimeOffset.FromUnixTimeSeconds((long)Number(at)), Number(amount), Number(count), Number(sum));
        });
    }

    private static string[] WriteModel(TestDirectory directory) =>
    [
        .. WindowModel.Write(directory, "spending.count", "spending.sum", "request.amount", "request.at"),
        "Inference:FeatureViews:spending:Columns:count:Aggregate=count",
        "Inference:FeatureViews:spending:Columns:sum:Aggregate=sum",
        $"Inference:FeatureViews:spending:Columns:count:Window={Window}",
        $"Inference:FeatureViews:spending:Columns:sum:Window={Window}",
    ];

    private readonly record struct Event(long Sequence, DateTimeOffset At, double Amount, double Count, double Sum);
}
