using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Transforms;

namespace UnitTests.Fakes;

/// <summary>A transform with the column <c>value</c>, default -1, and the test's computation.</summary>
internal sealed class FakeFeatureTransform(string name, FakeFeatureTransform.Computation compute, params string[] inputs) : IFeatureTransform
{
    public delegate void Computation(ReadOnlySpan<FeatureValue> inputs, Span<FeatureValue> outputs);

    public string Name => name;

    public IReadOnlyList<FeatureColumn> Columns { get; } = [new FeatureColumn("value", FeatureType.Number, "value", FeatureValue.Of(-1).AsDefault())];

    public IReadOnlyList<string> Inputs => inputs;

    public void Compute(ReadOnlySpan<FeatureValue> inputs, Span<FeatureValue> outputs) => compute(inputs, outputs);
}
