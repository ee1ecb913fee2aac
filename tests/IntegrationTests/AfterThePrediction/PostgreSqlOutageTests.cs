using System.Collections.Concurrent;
using System.Net;
using IntegrationTests.Infrastructure;
using Npgsql;

namespace IntegrationTests.AfterThePrediction;

/// <summary>PostgreSQL goes and comes back under load: nothing that was answered is missing, and meanwhile the answer says why.</summary>
public sealed class PostgreSqlOutageTests : IDisposable
{
    private const int Clients = 16;
    private const int AnswersBetween = 100;

    private readonly ConcurrentQueue<Guid> _answered = new();
    private readonly ConcurrentQueue<(HttpStatusCode Status, string Body)> _refused = new();
    private readonly SemaphoreSlim _answers = new(0);
    private readonly SemaphoreSlim _refusals = new(0);

    [Fact]
    public async Task Predict_PostgreSqlStoppedAndStarted_LosesNothingAndSaysWhy()
    {
        await using var postgres = await PostgresServer.StartNewAsync();
        var database = await postgres.CreateDatabaseAsync();
        await using var server = await PostgreSqlTests.StartAsync(database);
        using var done = new CancellationTokenSource();
        var clients = Task.WhenAll(Enumerable.Range(0, Clients).Select(client => AskAsync(server, client, done.Token)));

        for (var round = 0; round < Soak.Rounds(inEachRun: 3, whole: 12); round++)
        {
            await WaitAsync(_answers, AnswersBetween, clients);
            await postgres.StopAsync(immediate: round % 2 == 1);
            await WaitAsync(_refusals, Clients, clients);
            await postgres.StartAsync();
        }

        await WaitAsync(_answers, AnswersBetween, clients);
        await done.CancelAsync();
        await clients;

        Assert.Empty(_answered.Except(await ReadIdsAsync(database)));
        Assert.Equal(0, await PostgreSqlTests.CountAsync(database, """SELECT count(*) FROM (SELECT 1 FROM predictions GROUP BY "user", seq HAVING count(*) > 1) AS twice"""));
        Assert.All(_refused, refusal => Assert.Equal(HttpStatusCode.ServiceUnavailable, refusal.Status));
        Assert.All(_refused, refusal => Assert.True(
            refusal.Body.Contains("PostgreSQL did not answer", StringComparison.Ordinal) || refusal.Body.Contains("The prediction log did not", StringComparison.Ordinal)
                || refusal.Body.Contains("An earlier prediction of this user could not be recorded", StringComparison.Ordinal),
            refusal.Body));
        Assert.DoesNotContain(_refused, refusal => refusal.Body.Contains(PostgresServer.Secret, StringComparison.Ordinal));
        TestContext.Current.TestOutputHelper?.WriteLine($"{_answered.Count} answered, all in the log; {_refused.Count} refused: {string.Join(" | ", _refused.Select(refusal => refusal.Body[..Math.Min(refusal.Body.Length, 300)]).Distinct().Take(4))}");
    }

    public void Dispose()
    {
        _answers.Dispose();
        _refusals.Dispose();
    }

    private async Task AskAsync(InProcessServer server, int client, CancellationToken done)
    {
        for (var i = 0; !done.IsCancellationRequested && i < 100_000; i++)
        {
            var (status, body) = await server.Http.PostJsonAsync("/predict", $$"""{"user_id": "{{client % 6}}", "raw_feature": "3156", "amount": 20}""");
            if (status is HttpStatusCode.OK)
            {
                _answered.Enqueue(body.GetProperty("prediction_id").GetGuid());
                _answers.Release();
            }
            else
            {
                _refused.Enqueue((status, body.GetRawText()));
                _refusals.Release();
            }
        }
    }

    private static async Task WaitAsync(SemaphoreSlim events, int count, Task clients)
    {
        // Only those that come from now on.
        while (events.CurrentCount > 0) events.Wait(0);
        for (var i = 0; i < count; i++)
        {
            if (clients.IsFaulted) await clients;
            if (!await events.WaitAsync(TimeSpan.FromSeconds(60))) throw new TimeoutException($"only {i} of {count} came, each within a minute");
        }
    }

    private static async Task<HashSet<Guid>> ReadIdsAsync(string database)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand("SELECT id FROM predictions", connection);
        await using var rows = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var ids = new HashSet<Guid>();
        while (await rows.ReadAsync(TestContext.Current.CancellationToken)) ids.Add(rows.GetGuid(0));
        return ids;
    }
}
