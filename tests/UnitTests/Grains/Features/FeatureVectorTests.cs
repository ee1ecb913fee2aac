using Microsoft.Extensions.Time.Testing;
using OrleansInference;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Transforms;
using OrleansInference.Grains.Models.Planning;
using UnitTests.Fakes;

namespace UnitTests.Grains.Features;

public sealed class FeatureVectorTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Constructor_FieldsAndSources_StandInThePlansOrder()
    {
        var vector = Assemble(new PlanOfTwoSources(), amount: 5, Row(1, 2), Row(3));

        Assert.Equal([5, 1, 2, 3], vector.Values.Select(value => value.Number));
    }

    [Fact]
    public void Constructor_FieldMissingWithADefaultFeature_HasTheFeaturesValueAsDefault()
    {
        var vector = Assemble(new PlanOfTwoSources { OrElse = FeatureValue.Of(9) }, amount: null, Row(1, 2), Row(3));

        Assert.Equal(FeatureValue.Of(2).AsDefault(), vector.Values[0]);
    }

    [Fact]
    public void Constructor_FieldAndItsDefaultFeatureMissing_HasTheOrElse()
    {
        var vector = Assemble(new PlanOfTwoSources { OrElse = FeatureValue.Of(9) }, amount: null, new FeatureRow([FeatureValue.Of(1), FeatureValue.Missing], 0), Row(3));

        Assert.Equal(FeatureValue.Of(9).AsDefault(), vector.Values[0]);
    }

    [Fact]
    public void Constructor_FieldSent_KeepsItsOwnValue() =>
        Assert.Equal(FeatureValue.Of(5), Assemble(new PlanOfTwoSources { OrElse = FeatureValue.Of(9) }, amount: 5, Row(1, 2), Row(3)).Values[0]);

    [Fact]
    public void AgeMs_EachFeature_IsTheAgeOfItsSource()
    {
        var old = Row(1, 2);
        _time.Advance(TimeSpan.FromMilliseconds(250));
        var young = Row(3);
        _time.Advance(TimeSpan.FromMilliseconds(10));

        var vector = Assemble(new PlanOfTwoSources(), amount: 5, old, young);

        Assert.Equal([0L, 260L, 260L, 10L], Enumerable.Range(0, 4).Select(vector.AgeMs));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Degraded_Sources_IsWhetherAnyIs(bool first, bool second)
    {
        var vector = Assemble(new PlanOfTwoSources(), amount: 5, Row(1, 2) with { Degraded = first }, Row(3) with { Degraded = second });

        Assert.Equal(first || second, vector.Degraded);
    }

    [Fact]
    public void Constructor_Transform_SeesDefaultsAndIsAsOldAsItsOldestInput()
    {
        var old = Row(1, 2);
        _time.Advance(TimeSpan.FromMilliseconds(250));
        var sum = new FakeFeatureTransform("sum", (inputs, outputs) => outputs[0] = FeatureValue.Of(inputs[0].Number + inputs[1].Number), "request.amount", "a.x");

        var vector = Assemble(new PlanOfTwoSources { OrElse = FeatureValue.Of(9), Transform = new PlannedTransform(sum, [0, 1], 4) }, amount: null, old, Row(3));

        Assert.Equal(FeatureValue.Of(2 + 1).AsDefault(), vector.Values[4]);
        Assert.Equal([250L, 0L, 250L], [vector.AgeMs(1), vector.AgeMs(3), vector.AgeMs(4)]);
    }

    [Fact]
    public void Constructor_Override_StandsInForTheSourceAndIsNoAge()
    {
        var old = Row(1, 2);
        _time.Advance(TimeSpan.FromMilliseconds(250));

        var vector = Assemble(new PlanOfTwoSources(), amount: 5, [new FeatureOverride(1, Overridden(7))], old, Row(3));

        Assert.Equal([5, 7, 2, 3], vector.Values.Select(value => value.Number));
        Assert.Equal([FeatureStatus.Fresh, FeatureStatus.Overridden, FeatureStatus.Fresh, FeatureStatus.Fresh], vector.Values.Select(value => value.Status));
        Assert.Equal([0L, 250L], [vector.AgeMs(1), vector.AgeMs(2)]);
    }

    [Fact]
    public void Constructor_OverrideOfADefaultsFeature_IsWhatTheFieldHas() =>
        Assert.Equal(7, Assemble(new PlanOfTwoSources { OrElse = FeatureValue.Of(9) }, amount: null, [new FeatureOverride(2, Overridden(7))], Row(1, 2), Row(3)).Values[0].Number);

    [Fact]
    public void Constructor_OverrideOfATransform_StandsAfterItsComputation()
    {
        var sum = new FakeFeatureTransform("sum", (inputs, outputs) => outputs[0] = FeatureValue.Of(inputs[0].Number + inputs[1].Number), "request.amount", "a.x");
        var plan = new PlanOfTwoSources { Transform = new PlannedTransform(sum, [0, 1], 4) };

        Assert.Equal(Overridden(7), Assemble(plan, amount: 5, [new FeatureOverride(4, Overridden(7))], Row(1, 2), Row(3)).Values[4]);
        Assert.Equal(Overridden(5 + 8), Assemble(plan, amount: 5, [new FeatureOverride(1, Overridden(8))], Row(1, 2), Row(3)).Values[4]);
    }

    [Fact]
    public void ToInferenceRequest_OneInput_HasTheFeaturesInItsOrder()
    {
        var request = Assemble(new PlanOfTwoSources(), amount: 5, Row(1, 2), Row(3)).ToInferenceRequest();

        Assert.Equal([3f, 5f], Assert.Single(request.Inputs).Elements<float>().ToArray());
    }

    [Fact]
    public void Info_FeatureHasAValue_IsItsText() =>
        Assert.Equal("3", Assemble(new PlanOfTwoSources { Info = new PlannedInfo(3, "N/A") }, amount: 5, Row(1, 2), Row(3)).Info());

    [Fact]
    public void Info_FeatureIsMissing_IsOrElse() =>
        Assert.Equal(
            "N/A",
            Assemble(new PlanOfTwoSources { Info = new PlannedInfo(3, "N/A") }, amount: 5, Row(1, 2), new FeatureRow([FeatureValue.Missing], 0)).Info());

    private FeatureRow Row(params double[] values) => new([.. values.Select(FeatureValue.Of)], _time.GetTimestamp());

    private static FeatureValue Overridden(double value) => FeatureValue.Of(value) with { Status = FeatureStatus.Overridden };

    private FeatureVector Assemble(PlanOfTwoSources plan, double? amount, params FeatureRow[] rows) => Assemble(plan, amount, [], rows);

    private FeatureVector Assemble(PlanOfTwoSources plan, double? amount, FeatureOverride[] overrides, params FeatureRow[] rows)
    {
        var request = new RequestBuilder(_time).Declare("amount", DeclaredFieldType.Number);
        if (amount is { } sent) request.Send("amount", sent);
        return new FeatureVector(plan.Build(request.Contract()), request.Bind() with { Overrides = overrides }, rows, _time);
    }

    /// <summary>The field <c>amount</c>, the source <c>a</c> with two columns, and <c>b</c> with one.</summary>
    private sealed class PlanOfTwoSources
    {
        public FeatureValue? OrElse { get; init; }

        public PlannedInfo Info { get; init; } = new(null, "");

        public PlannedTransform? Transform { get; init; }

        public PredictPlan Build(RequestContract contract) => new()
        {
            Model = "fraud",
            Request = contract,
            Sources = [new PlannedSource(new FakeFeatureSource("a"), 1), new PlannedSource(new FakeFeatureSource("b"), 3)],
            Schema = FeatureSchema.Of(["request.amount", "a.x", "a.y", "b.z", .. Transform is null ? (string[])[] : ["sum.value"]]),
            Transforms = Transform is null ? [] : [Transform],
            Defaults = OrElse is { } orElse ? [new PlannedDefault(0, 2, orElse)] : [],
            Inputs = [new PlannedInput("x", TensorDatatype.FP32, [1, 2], [3, 0])],
            Output = new PlannedOutput("fraud", "y", 0),
            Info = Info,
            Rules = [],
            Deadline = TimeSpan.FromSeconds(1),
        };
    }
}
