using OrleansInference.Grains.Features;

namespace UnitTests.Fakes;

/// <summary>A source that only has a name and columns.</summary>
internal sealed class FakeFeatureSource(string name, params FeatureColumn[] columns) : IFeatureSource
{
    public string Name => name;

    public IReadOnlyList<FeatureColumn> Columns => columns;

    public IReadOnlyList<string> RequestFields => [];

    public ValueTask<FeatureRow> ReadAsync(FeatureQuery query) => new(FeatureRow.Defaults(columns, 0, degraded: false));
}
