using OrleansInference;
using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Transforms;
using UnitTests.Fakes;

namespace UnitTests.Grains.Features.Transforms;

public sealed class PlannedTransformTests
{
    [Fact]
    public void Apply_Inputs_ComeInTheTransformsOrder() =>
        Assert.Equal(FeatureValue.Of(-3), Apply((inputs, outputs) => outputs[0] = FeatureValue.Of(inputs[0].Number - inputs[1].Number), FeatureValue.Of(5), FeatureValue.Of(2)));

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Apply_OutputNotFinite_IsTheColumnsDefault(double number) =>
        Assert.Equal(FeatureValue.Of(-1).AsDefault(), Apply((_, outputs) => outputs[0] = FeatureValue.Of(number), FeatureValue.Of(5), FeatureValue.Of(2)));

    [Fact]
    public void Apply_OutputNotSet_IsTheColumnsDefault() =>
        Assert.Equal(FeatureValue.Of(-1).AsDefault(), Apply((_, _) => { }, FeatureValue.Of(5), FeatureValue.Of(2)));

    [Theory]
    [InlineData(FeatureStatus.Stale, FeatureStatus.Fresh, FeatureStatus.Stale)]
    [InlineData(FeatureStatus.Default, FeatureStatus.Stale, FeatureStatus.Default)]
    [InlineData(FeatureStatus.Fresh, FeatureStatus.Approximate, FeatureStatus.Approximate)]
    public void Apply_InputsNotFresh_OutputIsAsWeakAsTheWeakest(FeatureStatus first, FeatureStatus second, FeatureStatus expected) =>
        Assert.Equal(expected, Apply(Sum, FeatureValue.Of(5) with { Status = first }, FeatureValue.Of(2) with { Status = second }).Status);

    [Fact]
    public void Apply_CodeThrows_SaysWhichTransform()
    {
        var failure = Assert.Throws<InferenceException>(() => Apply((_, _) => throw new InvalidOperationException("No rate."), FeatureValue.Of(5), FeatureValue.Of(2)));

        Assert.Equal(InferenceErrorCode.ModelFailed, failure.Code);
        Assert.Equal("The transform double failed: No rate. Correct its code, or the features that it reads.", failure.Message);
    }

    [Fact]
    public void Apply_TextForANumber_SaysWhichColumn() =>
        Assert.Equal(
            "The transform double gave Text for value, which is Number. Correct its code.",
            Assert.Throws<InferenceException>(() => Apply((_, outputs) => outputs[0] = FeatureValue.Of("x"), FeatureValue.Of(5), FeatureValue.Of(2))).Message);

    private static void Sum(ReadOnlySpan<FeatureValue> inputs, Span<FeatureValue> outputs) => outputs[0] = FeatureValue.Of(inputs[0].Number + inputs[1].Number);

    // The transform reads the second feature first.
    private static FeatureValue Apply(FakeFeatureTransform.Computation compute, FeatureValue first, FeatureValue second)
    {
        FeatureValue[] values = [first, second, FeatureValue.Of(99)];
        new PlannedTransform(new FakeFeatureTransform("double", compute, "b", "a"), [1, 0], 2).Apply(values);
        return values[2];
    }
}
