using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationTests.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OrleansInference;

namespace IntegrationTests.AfterThePrediction;

/// <summary>What could not be delivered is visible and can be sent again; what is delivered is signed.</summary>
public sealed class DeadLetterTests : IAsyncLifetime
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private readonly ConcurrentQueue<(IHeaderDictionary Headers, string Body)> _received = new();
    private volatile bool _isBroken = true;
    private TestHttpService? _receiver;
    private InProcessServer? _server;

    private HttpClient Http => _server!.Http;

    public async ValueTask InitializeAsync()
    {
        _receiver = await TestHttpService.StartAsync(TakeAsync);
        _server = await InProcessServer.StartPatientDemoAsync(
            $"Inference:Webhooks:fraud-desk:Url={_receiver.Address}/alerts",
            $"Inference:Webhooks:fraud-desk:Secret={Secret}",
            $"Inference:Webhooks:case-review:Url={_receiver.Address}/workflows",
            "Inference:Outbox:MaxAttempts=2",
            "Inference:Outbox:RetryDelay=00:00:00.020",
            "Inference:Outbox:PollInterval=00:00:00.020");
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        if (_receiver is not null) await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task DeadLetters_AfterTheLastAttempt_AreListedWithWhatOneNeedsToKnow()
    {
        var id = await PredictAsync("42");

        var letters = await WaitForDeadLettersAsync(2);

        var letter = Assert.Single(letters, one => one.GetProperty("kind").GetString() == "alert");
        Assert.Equal(($"{id}-alert-fraud-desk", "42", "fraud-desk", 2), (Text(letter, "message_id"), Text(letter, "user_id"), Text(letter, "target"), letter.GetProperty("attempts").GetInt32()));
        Assert.Equal((id, "the receiver answered 500"), (Text(letter, "prediction_id"), Text(letter, "last_error")));
        Assert.True(letter.GetProperty("died_at").GetDateTime() >= letter.GetProperty("created_at").GetDateTime());
    }

    [Fact]
    public async Task DeadLetters_ByTargetAndPage_AreAllOnceTheLastFirst()
    {
        for (var user = 0; user < 3; user++) await PredictAsync($"{user}");
        await WaitForDeadLettersAsync(6);

        var first = await Http.GetJsonAsync("/v1/outbox/dead-letters?target=fraud-desk&limit=2");
        var second = await Http.GetJsonAsync($"/v1/outbox/dead-letters?target=fraud-desk&limit=2&before={first.GetProperty("next").GetInt64()}");

        Assert.Equal(["2", "1", "0"], new[] { first, second }.SelectMany(page => page.GetProperty("dead_letters").EnumerateArray()).Select(letter => Text(letter, "user_id")));
        Assert.Equal(JsonValueKind.Null, second.GetProperty("next").ValueKind);
        var client = _server!.Services.GetRequiredService<IOutboxClient>();
        Assert.Equal(6, (await client.ListDeadLettersAsync()).Count);
    }

    [Fact]
    public async Task Resend_DeadLetter_ArrivesUnderItsKeyMarkedOutOfOrderAndSigned()
    {
        var id = await PredictAsync("42");
        await WaitForDeadLettersAsync(2);
        _isBroken = false;
        _received.Clear();

        using var response = await ResendAsync($"{id}-alert-fraud-desk");
        await Eventually.TrueAsync(() => !_received.IsEmpty);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var (headers, body) = Assert.Single(_received);
        Assert.Equal($"{id}-alert-fraud-desk", headers["Idempotency-Key"]);
        Assert.True(JsonDocument.Parse(body).RootElement.GetProperty("outoforder").GetBoolean());
        AssertSigned(headers, body);
        await WaitForDeadLettersAsync(1);
    }

    [Fact]
    public async Task Deliver_TargetHasASecret_SignsWhatItSends()
    {
        _isBroken = false;
        var id = await PredictAsync("42");
        await Eventually.TrueAsync(() => _received.Count >= 2);

        var (headers, body) = Assert.Single(_received, one => one.Headers["Idempotency-Key"] == $"{id}-alert-fraud-desk");
        AssertSigned(headers, body);
        Assert.False(JsonDocument.Parse(body).RootElement.TryGetProperty("outoforder", out _));
        Assert.False(Assert.Single(_received, one => one.Headers["Idempotency-Key"] == $"{id}-workflow-case-review").Headers.ContainsKey("webhook-signature"));
    }

    [Fact]
    public async Task Resend_UnknownId_Is404()
    {
        using var response = await ResendAsync("nonesuch");

        var problem = await Problem.ReadAsync(response);
        Assert.Equal((HttpStatusCode.NotFound, "NotFound"), (problem.Status, problem.Code));
        Assert.StartsWith("There is no message 'nonesuch'.", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resend_Delivered_Is422AndSaysSo()
    {
        _isBroken = false;
        var id = await PredictAsync("42");
        await Eventually.TrueAsync(() => _server!.Log.Read("SELECT count(*) FROM outbox WHERE state = 1", row => row.GetInt64(0)).Single() == 2);

        using var response = await ResendAsync($"{id}-alert-fraud-desk");

        var problem = await Problem.ReadAsync(response);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, problem.Status);
        Assert.Equal(("id", "names a message that was delivered. Only a dead letter can be sent again"), (problem.Errors[0].Field, problem.Errors[0].Message));
    }

    [Theory]
    [InlineData("limit=0", "limit", "must be a whole number from 1 to 1000", "\"0\"")]
    [InlineData("limit=1001", "limit", "must be a whole number from 1 to 1000", "\"1001\"")]
    [InlineData("limit=99999999999999999999", "limit", "must be a whole number from 1 to 1000", "\"99999999999999999999\"")]
    [InlineData("limit=many", "limit", "must be a whole number from 1 to 1000", "\"many\"")]
    [InlineData("before=x", "before", "must be a whole number, the next of an earlier answer", "\"x\"")]
    public async Task DeadLetters_FaultyQuery_IsRefusedByItsParameter(string query, string field, string fault, string value)
    {
        using var response = await Http.GetAsync($"/v1/outbox/dead-letters?{query}", TestContext.Current.CancellationToken);

        var problem = await Problem.ReadAsync(response);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, problem.Status);
        Assert.Equal(new Problem.Fault(field, fault, value), Assert.Single(problem.Errors));
    }

    private async Task TakeAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync();
        if (_isBroken)
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return;
        }

        _received.Enqueue((new HeaderDictionary(context.Request.Headers.ToDictionary()), body));
    }

    private async Task<string> PredictAsync(string user)
    {
        var (status, body) = await Http.PostJsonAsync("/predict", $$"""{"user_id": "{{user}}", "raw_feature": "3156", "amount": 500}""");
        Assert.Equal(HttpStatusCode.OK, status);
        return Text(body, "prediction_id");
    }

    private async Task<JsonElement[]> WaitForDeadLettersAsync(int count)
    {
        JsonElement[] letters = [];
        await Eventually.TrueAsync(async () =>
        {
            letters = [.. (await Http.GetJsonAsync("/v1/outbox/dead-letters")).GetProperty("dead_letters").EnumerateArray()];
            return letters.Length == count;
        });
        return letters;
    }

    private Task<HttpResponseMessage> ResendAsync(string id) => Http.PostAsync($"/v1/outbox/messages/{id}/resend", content: null, TestContext.Current.CancellationToken);

    // As docs/outbox.md tells a receiver to.
    private static void AssertSigned(IHeaderDictionary headers, string body)
    {
        var key = Convert.FromBase64String(Secret["whsec_".Length..]);
        var signed = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{headers["webhook-id"]}.{headers["webhook-timestamp"]}.{body}"));
        Assert.Equal($"v1,{Convert.ToBase64String(signed)}", headers["webhook-signature"]);
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
