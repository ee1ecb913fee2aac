using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.PostProcessing.Outbox;
using UnitTests.Fakes;

namespace UnitTests.Grains.PostProcessing.Outbox;

public sealed class OutboxMessageTests
{
    private const string Id = "0195f0a0-0000-7000-8000-000000000001";

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 4, 1, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public void For_RuleMatches_WritesACloudEvent()
    {
        var message = Assert.Single(Write(0.95, new OutboxRule("alert", "desk", 0.9, null)));

        Assert.Equal(($"{Id}-alert-desk", "alert", "desk", "fraud/alert-desk"), (message.Id, message.Kind, message.Target, message.Rule));
        var expected = JsonNode.Parse(
            $$$"""
            {
              "specversion": "1.0", "id": "{{{Id}}}-alert-desk", "source": "/models/fraud", "type": "orleans-inference.alert",
              "time": "2026-04-01T12:00:00+00:00", "subject": "user/42", "datacontenttype": "application/json",
              "data": {
                "prediction_id": "{{{Id}}}", "user_id": "user/42", "model": "fraud", "model_version": "2", "prediction": 0.95, "info": "high \"risk\"",
                "request": { "terminal": "3156", "amount": 12.5, "note": null }
              }
            }
            """);
        Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(message.Payload)), Encoding.UTF8.GetString(message.Payload));
    }

    [Fact]
    public void For_WrittenTwice_HasTheSameId() =>
        Assert.Equal(Write(0.95, new OutboxRule("alert", "desk", 0.9, null))[0].Id, Write(0.95, new OutboxRule("alert", "desk", 0.9, null))[0].Id);

    [Fact]
    public void For_TwoRulesOfOneKindAndTarget_HaveIdsOfTheirOwn() => Assert.Equal(
        [$"{Id}-alert-desk", $"{Id}-alert-desk-2"],
        Write(0.95, [.. RuleNames.Assign([new OutboxRule("alert", "desk", 0.7, null), new OutboxRule("alert", "desk", 0.9, null)])]).Select(message => message.Id));

    [Fact]
    public void For_SecondOfTwoSuchRulesMatchesAlone_HasItsOwnId() => Assert.Equal(
        $"{Id}-alert-desk-2",
        Assert.Single(Write(0.8, [.. RuleNames.Assign([new OutboxRule("alert", "desk", 0.9, null), new OutboxRule("alert", "desk", 0.7, null)])])).Id);

    [Fact]
    public void For_SeveralRules_WritesTheMatchingOnesInTheirOrder() => Assert.Equal(
        ["desk", "review"],
        Write(0.8, new OutboxRule("alert", "desk", 0.7, null), new OutboxRule("alert", "other", 0.9, null), new OutboxRule("workflow", "review", null, 0.9))
            .Select(message => message.Target));

    [Fact]
    public void For_NoRuleMatches_IsEmpty() => Assert.Empty(Write(0.1, new OutboxRule("alert", "desk", 0.9, null)));

    private IReadOnlyList<OutboxMessage> Write(double value, params OutboxRule[] rules)
    {
        var request = new RequestBuilder(_time)
            .With("terminal", "3156")
            .Declare("amount", DeclaredFieldType.Number).Send("amount", 12.5)
            .Declare("note", DeclaredFieldType.Text);
        var prediction = new Prediction { PredictionId = Guid.Parse(Id), Value = value, Info = "high \"risk\"", Model = "fraud", ModelVersion = 2, Degraded = false };
        return OutboxMessage.For([.. rules.Where(rule => rule.Matches(value))], "user/42", request.Bind(), prediction, _time.GetUtcNow());
    }
}
