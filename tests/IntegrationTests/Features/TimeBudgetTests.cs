using System.Diagnostics;
using System.Net;
using System.Text;
using Grpc.Core;
using Grpc.Net.Client;
using IntegrationTests.Grpc;
using IntegrationTests.Infrastructure;
using OrleansInference.Api.Grpc.Predictions.Wire;

namespace IntegrationTests.Features;

/// <summary>One deadline from the caller or the manifest, whatever a source of features does. The view's query takes 20 s.</summary>
public sealed class TimeBudgetTests
{
    private const string Path = "/v1/models/identity/predict";

    private static readonly TimeSpan QueryTime = TimeSpan.FromSeconds(20);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Predict_TimeOfTheCallerIsUp_Is504ThatNamesIt()
    {
        using var directory = new TestDirectory();
        await using var server = await StartAsync(directory, "00:00:25");
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new StringContent("""{"user_id": 1}""", Encoding.UTF8, "application/json") };
        request.Headers.Add("X-Request-Timeout-Ms", "300");

        var startedAt = Stopwatch.GetTimestamp();
        using var response = await server.Http.SendAsync(request, Cancellation);
        var problem = await Problem.ReadAsync(response);

        Assert.Equal((HttpStatusCode.GatewayTimeout, "DeadlineExceeded"), (problem.Status, problem.Code));
        Assert.Contains("300 ms that its caller allowed", problem.Detail, StringComparison.Ordinal);
        Assert.True(Stopwatch.GetElapsedTime(startedAt) < QueryTime / 2, $"took {Stopwatch.GetElapsedTime(startedAt)}");
    }

    [Fact]
    public async Task Predict_TimeOfTheCallerIsLonger_ManifestsHolds()
    {
        using var directory = new TestDirectory();
        await using var server = await StartAsync(directory, "00:00:00.300");
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new StringContent("""{"user_id": 1}""", Encoding.UTF8, "application/json") };
        request.Headers.Add("X-Request-Timeout-Ms", "60000");

        using var response = await server.Http.SendAsync(request, Cancellation);

        Assert.Contains("predict.deadline = 00:00:00.3000000", (await Problem.ReadAsync(response)).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Predict_GrpcDeadlineIsUp_IsDeadlineExceeded()
    {
        using var directory = new TestDirectory();
        await using var server = await StartAsync(directory, "00:00:25");
        using var channel = GrpcServer.Connect(server.GrpcAddress);

        var startedAt = Stopwatch.GetTimestamp();
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await new Predictions.PredictionsClient(channel).PredictAsync(
            new PredictRequest { UserId = "1", Model = "identity" }, deadline: DateTime.UtcNow.AddMilliseconds(300), cancellationToken: Cancellation));

        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        Assert.True(Stopwatch.GetElapsedTime(startedAt) < QueryTime / 2, $"took {Stopwatch.GetElapsedTime(startedAt)}");
    }

    [Fact]
    public async Task Predict_FeaturesLateAndManifestDegrades_AnswersWithDefaultsInTime()
    {
        using var directory = new TestDirectory();
        await using var server = await StartAsync(directory, "00:00:04", "degrade");

        var (status, body) = await server.Http.PostJsonAsync($"{Path}?details=true", """{"user_id": 1}""");

        Assert.Equal((HttpStatusCode.OK, -1.0, true), (status, body.GetProperty("prediction").GetDouble(), body.GetProperty("degraded").GetBoolean()));
        Assert.Equal("default", body.GetProperty("features").GetProperty("stored.value").GetProperty("status").GetString());
        Assert.InRange(body.GetProperty("times").GetProperty("features_seconds").GetDouble(), 2.9, 4);
    }

    private static Task<InProcessServer> StartAsync(TestDirectory directory, string deadline, string onDeadline = "fail") => ViewModel.StartAsync(
        directory, [new StoredUsers(directory).Setting, $"Sql={SlowSql.Lasting(QueryTime)}", "Timeout=00:00:06"], deadline, onDeadline);
}
