using OrleansInference.Grains.PostProcessing.Outbox;

namespace UnitTests.Grains.PostProcessing.Outbox;

/// <summary>Two rules never make the same message id.</summary>
public sealed class RuleNamesTests
{
    [Fact]
    public void Assign_SameKindAndTarget_AreNumberedByTheirOrder() => AssertNames(
        ["alert-desk", "workflow-desk", "alert-desk-2", "alert-desk-3"],
        ("alert", "desk"), ("workflow", "desk"), ("alert", "desk"), ("alert", "desk"));

    [Fact]
    public void Assign_TargetCalledLikeANumberedRule_KeepsItsPlainName() => AssertNames(
        ["alert-desk", "alert-desk-3", "alert-desk-2"],
        ("alert", "desk"), ("alert", "desk"), ("alert", "desk-2"));

    private static void AssertNames(string[] names, params (string Kind, string Target)[] rules) =>
        Assert.Equal(names, RuleNames.Assign([.. rules.Select(rule => new OutboxRule(rule.Kind, rule.Target, 0.5, null))]).Select(rule => rule.Name));
}
