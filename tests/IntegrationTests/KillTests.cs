using IntegrationTests.Infrastructure;

namespace IntegrationTests;

/// <summary>A reply means it is logged: nothing that was answered is lost, however the process ends.</summary>
public sealed class KillTests
{
    private const int Rounds = 3;
    private const int AnswersBeforeKill = 200;

    [Fact]
    public async Task Kill_InTheMiddleOfLoad_KeepsWhatWasAnswered()
    {
        using var directory = new TestDirectory();
        await DemoData.CopyToAsync(directory.File("data"));
        using var load = new PredictionLoad(clients: 16, users: 6);
        for (var round = 0; round < Rounds; round++)
        {
            await using var server = await StartAsync(directory);
            var clients = load.RunUntilServerEndsAsync(server.Http);
            await await Task.WhenAny(load.WaitForAnswersAsync(AnswersBeforeKill), clients);
            await server.KillAsync();
            await clients;
        }

        await using (await StartAsync(directory))
        {
            AssertKept(load.Answers, new PredictionDatabase(directory.File("data")));
        }
    }

    private static Task<ServerProcess> StartAsync(TestDirectory directory) =>
        ServerProcess.StartApiAsync($"--Inference:DataDirectory={directory.File("data")}");

    private static void AssertKept(IReadOnlyList<AnsweredPrediction> answers, PredictionDatabase log)
    {
        Assert.Equal(["ok"], log.Read("PRAGMA integrity_check", row => row.GetString(0)));
        Assert.Empty(answers.Select(answer => answer.Id).Except(log.ReadPredictionIds()));
        Assert.Empty(log.Read("SELECT user FROM predictions GROUP BY user, seq HAVING count(*) > 1", row => row.GetString(0)));
        AssertInOrder(answers, log);
        AssertOwed(answers, log, "alert-fraud-desk", above: 0.9);
        AssertOwed(answers, log, "workflow-case-review", above: 0.7);
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

    private static void AssertOwed(IReadOnlyList<AnsweredPrediction> answers, PredictionDatabase log, string message, double above)
    {
        var owed = answers.Where(answer => answer.Prediction > above).Select(answer => $"{answer.Id:D}-{message}").ToHashSet();
        Assert.NotEmpty(owed);

        owed.ExceptWith(log.Read("SELECT message_id FROM outbox", row => row.GetString(0)));
        Assert.Empty(owed);
    }

    private static Guid ReadId(object value) => new((byte[])value, bigEndian: true);
}
