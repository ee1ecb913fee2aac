using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Transforms;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Features by code of one's own, for the manifests of models to name.</summary>
public static class FeatureServiceCollectionExtensions
{
    /// <summary>A source: manifests name it under <c>predict.features</c>. One instance serves all users.</summary>
    public static IServiceCollection AddFeatureSource<TSource>(this IServiceCollection services)
        where TSource : class, IFeatureSource => services.AddSingleton<IFeatureSource, TSource>();

    /// <summary>A transform: manifests name it under <c>predict.transforms</c>. One instance serves all predictions.</summary>
    public static IServiceCollection AddFeatureTransform<TTransform>(this IServiceCollection services)
        where TTransform : class, IFeatureTransform => services.AddSingleton<IFeatureTransform, TTransform>();
}
