using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using OrleansInference;
using OrleansInference.Api.Json;

namespace UnitTests.Api;

/// <summary>The ends of a range of the log are what the caller meant, or refused.</summary>
public sealed class QueryTimeTests
{
    private const string Fault = "must be an ISO 8601 time";

    private static readonly DateTimeOffset April = new(2026, 4, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("01/04/2026")]
    [InlineData("12:00")]
    public void Quality_TimeIsNotIso8601_IsRefused(string time)
    {
        var refusal = Assert.Throws<InferenceException>(() => ReadQuality(new() { ["from"] = time, ["to"] = time }));

        Assert.Equal(["from", "to"], refusal.Fields.Select(fault => fault.Field));
        Assert.All(refusal.Fields, fault => Assert.StartsWith(Fault, fault.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("2026-04-01")]
    [InlineData("2026-04-01T02:00:00+02:00")]
    public void Quality_Iso8601_IsTaken(string time) => Assert.Equal(April, ReadQuality(new() { ["from"] = time }).From);

    [Theory]
    [InlineData("01/04/2026")]
    [InlineData("12:00")]
    public async Task Replay_TimeIsNotIso8601_IsRefused(string time)
    {
        var refusal = await Assert.ThrowsAsync<InferenceException>(() => ReadReplayAsync($$"""{"version": "2", "from": "{{time}}", "to": "{{time}}"}"""));

        Assert.Equal(["from", "to"], refusal.Fields.Select(fault => fault.Field));
        Assert.All(refusal.Fields, fault => Assert.StartsWith(Fault, fault.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("2026-04-01")]
    [InlineData("2026-04-01T02:00:00+02:00")]
    public async Task Replay_Iso8601_IsTaken(string time) => Assert.Equal(April, (await ReadReplayAsync($$"""{"version": "2", "from": "{{time}}"}""")).From);

    private static QualityQuery ReadQuality(Dictionary<string, StringValues> query) => QualityQueryReader.Read("fraud", new QueryCollection(query));

    private static async Task<ReplayQuery> ReadReplayAsync(string body)
    {
        var context = new DefaultHttpContext();
        context.Request.ContentType = "application/json";
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        return await ReplayQueryReader.ReadAsync("fraud", context.Request);
    }
}
