using OrleansInference;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the client in an application that has an Orleans client or silo.</summary>
public static class InferenceClientServiceCollectionExtensions
{
    /// <summary>Adds <see cref="IInferenceClient"/>, <see cref="IOutboxClient"/> and <see cref="IReplayClient"/>; the application adds its Orleans client with <c>UseOrleansClient</c>.</summary>
    public static IServiceCollection AddInferenceClient(this IServiceCollection services)
    {
        services.AddSingleton<IOutboxClient>(provider => new OutboxClient(provider.GetRequiredService<IGrainFactory>()));
        services.AddSingleton<IReplayClient>(provider => new ReplayClient(provider.GetRequiredService<IGrainFactory>()));
        return services.AddSingleton<IInferenceClient>(provider => new InferenceClient(provider.GetRequiredService<IGrainFactory>(), provider.GetService<TimeProvider>() ?? TimeProvider.System));
    }
}
