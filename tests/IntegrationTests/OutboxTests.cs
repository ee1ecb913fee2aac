using System.Net;
using IntegrationTests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace IntegrationTests;

/// <summary>Alerts and workflow triggers reach their webhooks.</summary>
public sealed class OutboxTests
{
    private const string Fraud = """{"user_id": 42, "raw_feature": "3156", "amount": 500}""";
    private const string Honest = """{"user_id": 42, "raw_feature": "3156", "amount": 10}""";

    [Fact]
    public async Task Predict_AboveBothThresholds_AlertAndWorkflowArriveWithThePredictionId()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await using var server = await StartAsync(receiver.Address);

        var (status, body) = await server.Http.PostJsonAsync("/predict", Fraud);
        var id = body.GetProperty("prediction_id").GetGuid();

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True(body.GetProperty("prediction").GetDouble() > 0.9);
        var alert = await receiver.WaitForAsync("alerts", id);
        var workflow = await receiver.WaitForAsync("workflows", id);
        Assert.Equal("orleans-inference.alert", alert.GetProperty("type").GetString());
        Assert.Equal("orleans-inference.workflow", workflow.GetProperty("type").GetString());
        Assert.Equal("42", alert.GetProperty("data").GetProperty("user_id").GetString());
        Assert.Equal(500, alert.GetProperty("data").GetProperty("request").GetProperty("amount").GetDouble());
    }

    [Fact]
    public async Task Predict_BelowBothThresholds_OwesNothing()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await using var server = await StartAsync(receiver.Address);

        var (_, body) = await server.Http.PostJsonAsync("/predict", Honest);

        Assert.True(body.GetProperty("prediction").GetDouble() < 0.7);
        Assert.Equal(0, server.Log.Read("SELECT count(*) FROM outbox", row => row.GetInt64(0)).Single());
    }

    [Fact]
    public async Task Deliver_ReceiverAnswers500First_TriesAgainUnderTheSameKey()
    {
        var keys = new List<string>();
        var delivered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var receiver = await TestHttpService.StartAsync(context =>
        {
            if (!context.Request.Path.StartsWithSegments("/alerts")) return Task.CompletedTask;
            keys.Add(context.Request.Headers["Idempotency-Key"].ToString());
            if (keys.Count < 3) context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            else delivered.TrySetResult();
            return Task.CompletedTask;
        });
        await using var server = await StartAsync(receiver.Address);

        await server.Http.PostJsonAsync("/predict", Fraud);
        await delivered.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Equal(3, keys.Count);
        Assert.Single(keys.Distinct());
    }

    private static async Task<InProcessServer> StartAsync(string receiver)
    {
        var server = await InProcessServer.StartDemoAsync(
            configure: null,
            $"Inference:Webhooks:fraud-desk:Url={receiver}/alerts",
            $"Inference:Webhooks:case-review:Url={receiver}/workflows",
            "Inference:Outbox:RetryDelay=00:00:00.050",
            "Inference:Outbox:PollInterval=00:00:00.050");
        await server.Http.WarmUpAsync();
        return server;
    }
}
