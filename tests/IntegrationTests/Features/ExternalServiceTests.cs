using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using IntegrationTests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace IntegrationTests.Features;

/// <summary>An external service over real sockets: going down, coming back, hanging, and asked by many at once.</summary>
public sealed class ExternalServiceTests
{
    private const string Body = """{"user_id": 7, "key": "k"}""";

    [Fact]
    public async Task Predict_ServiceGoesDownAndComesBack_BreakerOpensAndCloses()
    {
        var port = FreePort.Find();
        var directory = new TestDirectory();
        await using var server = await InProcessServer.StartAsync(
            directory, FeatureModel.WriteRemote(directory, $"http://127.0.0.1:{port}", "MaxAttempts=1", "BreakerMinimumCalls=2", "BreakerOpenFor=00:00:05"));
        for (var i = 0; i < 2; i++) AssertDegraded(await PredictAsync(server), -1);

        await using var remote = await TestHttpService.StartAsync(context => AnswerAsync(context, 1.5), port);
        AssertDegraded(await PredictAsync(server), -1);
        Assert.Equal(0, remote.Requests);

        await Eventually.TrueAsync(async () => !IsDegraded(await PredictAsync(server)));
        var asked = remote.Requests;
        for (var i = 0; i < 10; i++) Assert.Equal(1.5, (await PredictAsync(server)).GetProperty("prediction").GetDouble());
        Assert.Equal(asked + 10, remote.Requests);
    }

    [Fact]
    public async Task Predict_ServiceDown_UsesTheStaleAnswerAndSaysSo()
    {
        var remote = await TestHttpService.StartAsync(context => AnswerAsync(context, 1.5));
        var directory = new TestDirectory();
        await using var server = await InProcessServer.StartAsync(directory, FeatureModel.WriteRemote(directory, remote.Address, "StaleIfError=01:00:00"));
        Assert.False(IsDegraded(await PredictAsync(server)));

        await remote.DisposeAsync();
        var answer = await PredictAsync(server);

        AssertDegraded(answer, 1.5);
        var recorded = await server.Http.GetJsonAsync($"/v1/predictions/{answer.GetProperty("prediction_id").GetString()}");
        var feature = recorded.GetProperty("features").GetProperty("remote.value");
        Assert.Equal("stale", feature.GetProperty("status").GetString());
        Assert.True(feature.GetProperty("age_seconds").GetDouble() > 0);
    }

    [Fact]
    public async Task Predict_ServiceDownAndPolicyIsFail_Answers503()
    {
        var directory = new TestDirectory();
        await using var server = await InProcessServer.StartAsync(directory, FeatureModel.WriteRemote(directory, $"http://127.0.0.1:{FreePort.Find()}", "OnError=Fail"));

        var (status, answer) = await server.Http.PostJsonAsync("/predict", Body);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("(Inference:ExternalServices:remote:OnError is Fail)", answer.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Predict_ServiceHangsBeyondTheDeadline_AnswersWithinIt()
    {
        await using var remote = await TestHttpService.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default));
        var directory = new TestDirectory();
        await using var server = await InProcessServer.StartAsync(directory, FeatureModel.WriteRemote(directory, remote.Address, "Timeout=00:01:00"));
        var startedAt = Stopwatch.GetTimestamp();

        AssertDegraded(await PredictAsync(server), -1);

        Assert.InRange(Stopwatch.GetElapsedTime(startedAt), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Predict_FirstCallHangs_AsksAgainAndIsFreshWithinTheDeadline(bool inItsBody)
    {
        var calls = 0;
        await using var remote = await TestHttpService.StartAsync(async context =>
        {
            if (Interlocked.Increment(ref calls) > 1) await AnswerAsync(context, 1.5);
            else await HangAsync(context, inItsBody);
        });
        var directory = new TestDirectory();
        await using var server = await InProcessServer.StartAsync(directory, FeatureModel.WriteRemote(directory, remote.Address, "AttemptTimeout=00:00:00.500"));

        var (status, answer) = await server.Http.PostJsonAsync("/predict?details=true", Body);

        Assert.Equal((HttpStatusCode.OK, 1.5, false), (status, answer.GetProperty("prediction").GetDouble(), IsDegraded(answer)));
        Assert.Equal("fresh", answer.GetProperty("features").GetProperty("remote.value").GetProperty("status").GetString());
        Assert.Equal(2, calls);
    }

    // It takes connections, and has nothing to say to those who want to speak TLS.
    [Fact]
    public async Task Predict_ConnectionHangs_NextCallMakesAnother()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var directory = new TestDirectory();
        await using var server = await InProcessServer.StartAsync(
            directory, FeatureModel.WriteRemote(directory, $"https://{listener.LocalEndpoint}", "Timeout=00:00:04", "AttemptTimeout=00:00:00.500"));

        AssertDegraded(await PredictAsync(server), -1);

        using var first = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        Assert.True(listener.Pending(), "the second call waited for the first one's connection");
    }

    [Fact]
    public async Task Predict_HundredUsersAskForOneColdKey_CostOneCallAndThenNone()
    {
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var remote = await TestHttpService.StartAsync(async context =>
        {
            await open.Task.WaitAsync(context.RequestAborted);
            await AnswerAsync(context, 1.5);
        });
        var directory = new TestDirectory();
        await using var server = await InProcessServer.StartAsync(directory, FeatureModel.WriteRemote(directory, remote.Address, "Ttl=01:00:00"));

        var predictions = Enumerable.Range(0, 100).Select(user => PredictAsync(server, user)).ToArray();
        await Eventually.TrueAsync(() => remote.Requests > 0);
        open.SetResult();
        var answers = await Task.WhenAll(predictions);

        Assert.All(answers, answer => Assert.Equal((1.5, false), (answer.GetProperty("prediction").GetDouble(), IsDegraded(answer))));
        for (var user = 0; user < 10; user++) await PredictAsync(server, user);
        Assert.Equal(1, remote.Requests);
    }

    [Fact]
    public async Task Predict_ServiceRedirects_HeadersStayWithTheService()
    {
        await using var other = await TestHttpService.StartAsync(context => AnswerAsync(context, 1.5));
        string? header = null;
        await using var remote = await TestHttpService.StartAsync(context =>
        {
            header = context.Request.Headers["X-Api-Key"];
            context.Response.Redirect(other.Address);
            return Task.CompletedTask;
        });
        var directory = new TestDirectory();
        await using var server = await InProcessServer.StartAsync(directory, FeatureModel.WriteRemote(directory, remote.Address, "Headers:X-Api-Key=secret"));

        AssertDegraded(await PredictAsync(server), -1);

        Assert.Equal("secret", header);
        Assert.Equal(0, other.Requests);
    }

    private static Task AnswerAsync(HttpContext context, double value) => context.Response.WriteAsJsonAsync(new { value });

    private static async Task HangAsync(HttpContext context, bool inItsBody)
    {
        if (inItsBody) await context.Response.WriteAsync("{", context.RequestAborted);
        await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    private static async Task<JsonElement> PredictAsync(InProcessServer server, int user = 7)
    {
        var (status, answer) = await server.Http.PostJsonAsync("/predict", $$"""{"user_id": {{user}}, "key": "k"}""");
        Assert.True(status is HttpStatusCode.OK, $"{(int)status}: {answer}");
        return answer;
    }

    private static bool IsDegraded(JsonElement answer) => answer.GetProperty("degraded").GetBoolean();

    private static void AssertDegraded(JsonElement answer, double value) =>
        Assert.Equal((value, true), (answer.GetProperty("prediction").GetDouble(), IsDegraded(answer)));
}
