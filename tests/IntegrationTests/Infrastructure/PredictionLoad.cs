using System.Collections.Concurrent;
using System.Net;

namespace IntegrationTests.Infrastructure;

/// <summary>A prediction whose answer a client has read to its end.</summary>
internal sealed record AnsweredPrediction(int Client, string User, Guid Id, double Prediction);

/// <summary>Clients that ask one prediction after the other until the server is gone; every second one is of an amount that calls for an alert.</summary>
internal sealed class PredictionLoad(int clients, int users) : IDisposable
{
    private const int MostPerClient = 5_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ConcurrentQueue<AnsweredPrediction> _answers = new();
    private readonly SemaphoreSlim _answered = new(0);

    /// <summary>All answers so far; each client's own stand in the order in which it got them.</summary>
    public IReadOnlyList<AnsweredPrediction> Answers => [.. _answers];

    /// <summary>Completes when every client has met the end of the server; fails when one was refused for another reason than time.</summary>
    public Task RunUntilServerEndsAsync(HttpClient http) => Task.WhenAll(Enumerable.Range(0, clients).Select(client => RunAsync(http, client)));

    /// <summary>Waits for that many more answers.</summary>
    public async Task WaitForAnswersAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (!await _answered.WaitAsync(Patience)) throw new TimeoutException($"Only {i} of {count} answers came, each within {Patience}.");
        }
    }

    public void Dispose() => _answered.Dispose();

    private async Task RunAsync(HttpClient http, int client)
    {
        try
        {
            for (var i = 0; i < MostPerClient; i++) await AskAsync(http, client, user: $"{(client + i) % users}", amount: i % 2 == 0 ? 500 : 20);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // The server was killed. Whatever was under way is no answer.
        }
    }

    private async Task AskAsync(HttpClient http, int client, string user, int amount)
    {
        var (status, body) = await http.PostJsonAsync("/predict", $$"""{"user_id": "{{user}}", "raw_feature": "3156", "amount": {{amount}}}""");

        // A busy machine may miss the deadline, which is no answer either.
        if (status is HttpStatusCode.GatewayTimeout or HttpStatusCode.ServiceUnavailable) return;
        Assert.Equal(HttpStatusCode.OK, status);
        _answers.Enqueue(new AnsweredPrediction(client, user, body.GetProperty("prediction_id").GetGuid(), body.GetProperty("prediction").GetDouble()));
        _answered.Release();
    }
}
