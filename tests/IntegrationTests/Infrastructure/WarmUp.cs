using System.Net;

namespace IntegrationTests.Infrastructure;

/// <summary>The first prediction compiles the whole path, which on a busy machine may take longer than its sources have.</summary>
internal static class WarmUp
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Asks for predictions of a user of its own until one has had every source.</summary>
    public static async Task WarmUpAsync(this HttpClient http)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var (status, body) = await http.PostJsonAsync("/predict", """{"user_id": "warm-up", "raw_feature": "1"}""");
            if (status is HttpStatusCode.OK && !body.GetProperty("degraded").GetBoolean()) return;
            if (patience.IsCancellationRequested) throw new TimeoutException($"No prediction had all its sources within {Patience}; the last answer was {(int)status} {body}.");
        }
    }
}
