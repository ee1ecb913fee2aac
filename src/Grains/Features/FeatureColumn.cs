namespace OrleansInference.Grains.Features;

/// <summary>One feature that a source gives.</summary>
/// <param name="Name">The name after the dot in <c>spending.count_1d</c>.</param>
/// <param name="Type">Number or text.</param>
/// <param name="SourceName">The database column, JSON property or CSV column it is read from.</param>
/// <param name="Default">What stands in when the source has no value: with status Default, or missing where none is configured.</param>
public sealed record FeatureColumn(string Name, FeatureType Type, string SourceName, FeatureValue Default);
