using System.Text.Json;
using FraudDemo;
using Xunit;

namespace OrleansInference.UnitTests.Demo;

public sealed class ReceivedWebhooksTests
{
    private readonly ReceivedWebhooks _webhooks = new();

    [Fact]
    public void Find_MoreThanTheCapacity_GivesTheNewestFirst()
    {
        for (var i = 0; i < ReceivedWebhooks.Capacity + 5; i++) Add("alerts", $"{i}");

        var found = _webhooks.Find();

        Assert.Equal(ReceivedWebhooks.Capacity, found.Count);
        Assert.Equal((1_004, 5), (found[0].Body.GetInt32(), found[^1].Body.GetInt32()));
        Assert.Equal(1_005, _webhooks.Total);
    }

    [Fact]
    public void Find_Target_GivesItsDeliveriesAlone()
    {
        Add("alerts", "1");
        Add("workflows", "2");

        Assert.Equal([2], _webhooks.Find(target: "workflows").Select(webhook => webhook.Body.GetInt32()));
    }

    [Theory]
    [InlineData("""{"prediction_id": "p1"}""", true)]
    [InlineData("""{"data": {"prediction_id": "p1"}}""", true)]
    [InlineData("""{"data": {"prediction_id": "p2"}, "prediction_id": "p1"}""", false)]
    [InlineData("""{"data": 5, "prediction_id": "p1"}""", true)]
    [InlineData("""{"prediction_id": 1}""", false)]
    [InlineData("""["p1"]""", false)]
    [InlineData("null", false)]
    public void Find_PredictionId_LooksInTheEnvelopeThenOutside(string body, bool expected)
    {
        Add("alerts", body);

        Assert.Equal(expected, _webhooks.Find(predictionId: "p1").Count == 1);
    }

    private void Add(string target, string body)
        => _webhooks.Add(new(target, DateTime.UnixEpoch, IdempotencyKey: null, JsonElement.Parse(body)));
}
