using OrleansInference;
using OrleansInference.Grains.Features;

namespace UnitTests.Grains.Features;

public sealed class OverrideContractTests
{
    private static readonly OverrideContract Contract = new(
        "fraud",
        ["request.amount", "a.x", "a.label"],
        [Column("amount", FeatureType.Number), Column("x", FeatureType.Number), Column("label", FeatureType.Text)],
        first: 1);

    [Fact]
    public void Bind_NumberFlagAndText_AreOverriddenValues()
    {
        var faults = new List<FieldError>();

        var bound = Contract.Bind([new RequestField("a.label", "high"), new RequestField("a.x", 2.5)], faults);

        Assert.Empty(faults);
        Assert.Equal([(2, "high"), (1, "2.5")], bound.Select(one => (one.Feature, one.Value.ToString())));
        Assert.All(bound, one => Assert.Equal(FeatureStatus.Overridden, one.Value.Status));
        Assert.Equal(1, Assert.Single(Contract.Bind([new RequestField("a.x", true)], faults)).Value.Number);
    }

    public static TheoryData<string, RequestValue, string> Wrong => new()
    {
        { "a.y", 1, "is not a feature of model fraud that can be overridden; those are a.label, a.x" },
        { "request.amount", 1, "is not a feature of model fraud that can be overridden; those are a.label, a.x" },
        { "a.x", "1", "must be a number" },
        { "a.x", default, "must be a number" },
        { "a.x", RequestValue.Infinite("1e999"), "must be a finite number" },
        { "a.label", 1, "must be a string of valid Unicode" },
        { "a.label", new string('x', 2_000), "must have at most 1024 characters, but has 2000" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Bind_Wrong_IsAFaultThatNamesIt(string name, RequestValue value, string message)
    {
        var faults = new List<FieldError>();

        Contract.Bind([new RequestField(name, value)], faults);

        Assert.Equal([new FieldError($"features.{name}", message, value.ToDisplay())], faults);
    }

    [Fact]
    public void Bind_Twice_IsAFault()
    {
        var faults = new List<FieldError>();

        Contract.Bind([new RequestField("a.x", 1), new RequestField("a.x", 2)], faults);

        Assert.Equal("was sent twice; send it once", Assert.Single(faults).Message);
    }

    [Fact]
    public void Bind_TwiceAfterAFault_IsAFault()
    {
        var faults = new List<FieldError>();

        Contract.Bind([new RequestField("a.x", "1"), new RequestField("a.y", 1), new RequestField("a.x", 2)], faults);

        Assert.Equal(["must be a number", "was sent twice; send it once"], faults.Where(fault => fault.Field is "features.a.x").Select(fault => fault.Message));
    }

    [Fact]
    public async Task Bind_FloodOfFaults_KeepsFiftyAndCountsAll()
    {
        const int Flood = 500_000;
        RequestField[] sent = [.. Enumerable.Repeat(new RequestField("a.y", 1), Flood), .. Enumerable.Repeat(new RequestField("a.x", 1), Flood)];
        var faults = new List<FieldError>();

        // Each compared with those before it, they took minutes.
        await Task.Run(() => Contract.Bind(sent, faults), TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Equal(2 * Flood - 1, faults.Count);
        Assert.All(faults.Take(50), fault => Assert.Equal("features.a.y", fault.Field));
        Assert.Single(faults.Skip(50).Distinct<object>(ReferenceEqualityComparer.Instance));
    }

    private static FeatureColumn Column(string name, FeatureType type) => new(name, type, name, FeatureValue.Missing);
}
