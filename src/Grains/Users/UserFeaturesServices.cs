using OrleansInference.Grains.Features;

namespace OrleansInference.Grains.Users;

/// <summary>What the features of all users share.</summary>
internal sealed record UserFeaturesServices(FeatureSources Sources, PushStore Pushes, TimeProvider Time);
