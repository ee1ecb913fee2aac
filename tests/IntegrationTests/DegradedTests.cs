using System.Net;
using System.Text.Json;
using IntegrationTests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace IntegrationTests;

/// <summary>A failing external service costs its values, never the prediction; a failing database costs the prediction, with a reason.</summary>
public sealed class DegradedTests
{
    private const string Lookup = "SELECT value FROM users WHERE user_id = @user_id";

    public static TheoryData<string, RequestDelegate> BadServices => new()
    {
        { "answers 500", context => Answer(context, 500, "{}") },
        { "answers 404", context => Answer(context, 404, "{}") },
        { "answers HTML", context => Answer(context, 200, "<html>It works!</html>") },
        { "answers an array", context => Answer(context, 200, "[1, 2]") },
        { "answers half", context => Answer(context, 200, """{"value": 1""") },
        { "answers other types", context => Answer(context, 200, """{"value": "much", "text": 3}""") },
        { "answers a megabyte", context => Answer(context, 200, $$"""{"value": 1, "text": "{{new string('x', 1 << 20)}}"}""") },
        { "never answers", context => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default) },
        { "stops in the middle", Abort },
    };

    [Theory, MemberData(nameof(BadServices), DisableDiscoveryEnumeration = true)]
    public async Task Predict_ExternalServiceFails_AnswersDegradedWithDefaults(string service, RequestDelegate answer)
    {
        await using var remote = await TestHttpService.StartAsync(answer);
        var directory = new TestDirectory();
        await using var server = await InProcessServer.StartAsync(directory, TestModel.Write(directory, Lookup, remote.Address));

        var (status, body) = await server.Http.PostJsonAsync("/predict", """{"user_id": 7, "key": "k"}""");

        Assert.True(status is HttpStatusCode.OK, $"{service}: {body}");
        AssertDegraded(body);
        Assert.True(remote.Requests > 0);
    }

    [Fact]
    public async Task Predict_ExternalServiceIsDown_AnswersDegradedAndRecovers()
    {
        var remote = await TestHttpService.StartAsync(context => Answer(context, 200, """{"value": 1.5, "text": "back"}"""));
        var directory = new TestDirectory();
        await using var server = await InProcessServer.StartAsync(directory, TestModel.Write(directory, Lookup, remote.Address));
        Assert.False((await server.Http.PostJsonAsync("/predict", """{"user_id": 7, "key": "k"}""")).Body.GetProperty("degraded").GetBoolean());

        await remote.DisposeAsync();
        var (status, body) = await server.Http.PostJsonAsync("/predict", """{"user_id": 7, "key": "k"}""");

        Assert.Equal(HttpStatusCode.OK, status);
        AssertDegraded(body);
    }

    [Theory]
    [InlineData("SELECT value FROM no_such_table WHERE user_id = @user_id", "no such table")]
    [InlineData("SELECT @user_id AS other", "no column 'value'")]
    [InlineData("SELECT 'text' AS value WHERE @user_id IS NOT NULL", "declared as Number")]
    public async Task Predict_FeatureQueryFails_Answers503WithTheReason(string sql, string reason)
    {
        await using var remote = await TestHttpService.StartAsync(context => Answer(context, 200, """{"value": 1.5, "text": "t"}"""));
        var directory = new TestDirectory();
        await using var server = await InProcessServer.StartAsync(directory, TestModel.Write(directory, sql, remote.Address));

        using var content = new StringContent("""{"user_id": 7, "key": "k"}""", System.Text.Encoding.UTF8, "application/json");
        using var response = await server.Http.PostAsync("/predict", content, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        var detail = (await Json.ReadAsync(response)).GetProperty("detail").GetString();
        Assert.Contains("stored", detail, StringComparison.Ordinal);
        Assert.Contains(reason, detail, StringComparison.Ordinal);
        Assert.Equal(0, server.Log.CountPredictions());
    }

    [Fact]
    public async Task Predict_LogLockedByAnotherProcess_Answers503WithinTheDeadlineAndRecovers()
    {
        using var directory = new TestDirectory();
        await DemoData.CopyToAsync(directory.File("data"));
        await using var server = await ServerProcess.StartApiAsync($"--Inference:DataDirectory={directory.File("data")}");
        await server.Http.WarmUpAsync();
        const string Body = """{"user_id": 42, "raw_feature": "3156"}""";
        Assert.Equal(HttpStatusCode.OK, (await server.Http.PostJsonAsync("/predict", Body)).Status);

        using (var other = new PredictionDatabase(directory.File("data")).Open())
        using (var locking = other.BeginTransaction(deferred: false))
        {
            using var content = new StringContent(Body, System.Text.Encoding.UTF8, "application/json");
            using var response = await server.Http.PostAsync("/predict", content, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.NotNull(response.Headers.RetryAfter);
            Assert.Contains("locked", (await Json.ReadAsync(response)).GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        var (status, answer) = await server.Http.PostJsonAsync("/predict", Body);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains(answer.GetProperty("prediction_id").GetGuid(), new PredictionDatabase(directory.File("data")).ReadPredictionIds());
    }

    // The identity model answers its first input: the default of remote.value.
    private static void AssertDegraded(JsonElement body)
    {
        Assert.True(body.GetProperty("degraded").GetBoolean());
        Assert.Equal(-1, body.GetProperty("prediction").GetDouble());
        Assert.Equal("N/A", body.GetProperty("info").GetString());
    }

    private static async Task Answer(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        await context.Response.WriteAsync(body);
    }

    private static async Task Abort(HttpContext context)
    {
        await context.Response.WriteAsync("""{"value": """);
        await context.Response.Body.FlushAsync();
        context.Abort();
    }
}
