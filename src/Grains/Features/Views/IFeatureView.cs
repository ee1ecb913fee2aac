namespace OrleansInference.Grains.Features.Views;

/// <summary>A source that <c>predict.features</c> can name: its values belong to the user and live in the user's grain.</summary>
public interface IFeatureView : IFeatureSource;
