using OrleansInference;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the client in an application that has an Orleans client or silo.</summary>
public static class InferenceClientServiceCollectionExtensions
{
    /// <summary>Adds <see cref="IInferenceClient"/>, <see cref="IOutboxClient"/> and <see cref="IReplayClient"/>; the application adds its Orleans client with <c>UseOrleansClient</c>.</summary>
    /// <param name="services">The application's.</param>
    /// <param name="attempts">How long predictions are tried; null for the defaults.</param>
    public static IServiceCollection AddInferenceClient(this IServiceCollection services, PredictionAttemptOptions? attempts = null)
    {
        services.AddSingleton<IOutboxClient>(provider => new OutboxClient(provider.GetRequiredService<IGrainFactory>()));
        services.AddSingleton<IReplayClient>(provider => new ReplayClient(provider.GetRequiredService<IGrainFactory>()));
        return services.AddSingleton<IInferenceClient>(provider => new InferenceClient(
            provider.GetRequiredService<IGrainFactory>(), attempts ?? new PredictionAttemptOptions(), provider.GetService<TimeProvider>() ?? TimeProvider.System));
    }
}
