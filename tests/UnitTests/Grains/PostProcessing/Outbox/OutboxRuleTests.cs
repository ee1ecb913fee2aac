using OrleansInference.Grains.PostProcessing.Outbox;

namespace UnitTests.Grains.PostProcessing.Outbox;

public sealed class OutboxRuleTests
{
    [Theory]
    [InlineData(0.9, null, 0.9, false)]
    [InlineData(0.9, null, 0.901, true)]
    [InlineData(null, 0.1, 0.1, false)]
    [InlineData(null, 0.1, 0.099, true)]
    [InlineData(0.2, 0.8, 0.5, true)]
    [InlineData(0.2, 0.8, 0.1, false)]
    [InlineData(0.2, 0.8, 0.9, false)]
    public void Matches_Prediction_IsStrictlyBetweenTheThresholds(double? above, double? below, double prediction, bool expected) =>
        Assert.Equal(expected, new OutboxRule("alert", "desk", above, below).Matches(prediction));
}
