namespace OrleansInference.Grains.Features;

/// <summary>A value that the caller wants a feature to have in one prediction.</summary>
/// <param name="Feature">The feature's position.</param>
/// <param name="Value">The value, with status Overridden.</param>
public readonly record struct FeatureOverride(int Feature, FeatureValue Value);
