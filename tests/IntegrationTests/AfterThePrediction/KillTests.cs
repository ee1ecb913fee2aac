using System.Collections.Concurrent;
using IntegrationTests.Infrastructure;

namespace IntegrationTests.AfterThePrediction;

/// <summary>A reply means it is logged: nothing that was answered is lost, however the process ends, nor any alert that it owed.</summary>
/// <remarks>Three rounds in each run, twenty with <c>tests/kill.sh</c>.</remarks>
public sealed class KillTests
{
    private const int AnswersBeforeKill = 200;

    private readonly ConcurrentDictionary<string, int> _received = new();

    [Fact]
    public async Task Kill_InTheMiddleOfLoad_KeepsWhatWasAnsweredAndDeliversWhatWasOwed()
    {
        await using var receiver = await TestHttpService.StartAsync(context =>
        {
            _received.AddOrUpdate(context.Request.Headers["Idempotency-Key"].ToString(), 1, (_, times) => times + 1);
            return Task.CompletedTask;
        });
        using var directory = new TestDirectory();
        await DemoData.CopyToAsync(directory.File("data"));
        using var load = new PredictionLoad(clients: 16, users: 6);
        var rounds = Soak.Rounds(inEachRun: 3, whole: 20);
        for (var round = 0; round < rounds; round++)
        {
            await using var server = await StartAsync(directory, receiver);
            var clients = load.RunUntilServerEndsAsync(server.Http);
            await await Task.WhenAny(load.WaitForAnswersAsync(AnswersBeforeKill), clients);
            await server.KillAsync();
            await clients;
        }

        var log = new PredictionDatabase(directory.File("data"));
        await using (await StartAsync(directory, receiver))
        {
            AssertKept(load.Answers, log);
            await Eventually.TrueAsync(() => log.Read("SELECT count(*) FROM outbox WHERE state = 0", row => row.GetInt64(0)).Single() == 0);
        }

        var owed = Owed(load.Answers, "alert-fraud-desk", above: 0.9).Concat(Owed(load.Answers, "workflow-case-review", above: 0.7)).ToArray();
        Assert.Empty(owed.Except(_received.Keys));
        Assert.Empty(_received.Keys.Except(log.Read("SELECT message_id FROM outbox", row => row.GetString(0))));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{rounds} kills: {load.Answers.Count} answers, all in the log; {owed.Length} alerts and triggers owed, all received, {_received.Values.Count(times => times > 1)} of them more than once under their key");
    }

    private static Task<ServerProcess> StartAsync(TestDirectory directory, TestHttpService receiver) => ServerProcess.StartApiAsync(
        $"--Inference:DataDirectory={directory.File("data")}",
        $"--Inference:Webhooks:fraud-desk:Url={receiver.Address}",
        $"--Inference:Webhooks:case-review:Url={receiver.Address}");

    private static void AssertKept(IReadOnlyList<AnsweredPrediction> answers, PredictionDatabase log)
    {
        Assert.Equal(["ok"], log.Read("PRAGMA integrity_check", row => row.GetString(0)));
        Assert.Empty(answers.Select(answer => answer.Id).Except(log.ReadPredictionIds()));
        Assert.Empty(log.Read("SELECT user FROM predictions GROUP BY user, seq HAVING count(*) > 1", row => row.GetString(0)));
        AssertInOrder(answers, log);
    }

    // What a client asks after an answer has a higher number, over the kills as well.
    private static void AssertInOrder(IReadOnlyList<AnsweredPrediction> answers, PredictionDatabase log)
    {
        var sequences = log.Read("SELECT id, seq FROM predictions", row => (Id: ReadId(row.GetValue(0)), Sequence: row.GetInt64(1))).ToDictionary(row => row.Id, row => row.Sequence);
        foreach (var client in answers.GroupBy(answer => (answer.Client, answer.User)))
        {
            var recorded = client.Select(answer => sequences[answer.Id]).ToArray();
            Assert.Equal(recorded.Order().Distinct(), recorded);
        }
    }

    private static string[] Owed(IReadOnlyList<AnsweredPrediction> answers, string message, double above)
    {
        string[] owed = [.. answers.Where(answer => answer.Prediction > above).Select(answer => $"{answer.Id:D}-{message}")];
        Assert.NotEmpty(owed);
        return owed;
    }

    private static Guid ReadId(object value) => new((byte[])value, bigEndian: true);
}
