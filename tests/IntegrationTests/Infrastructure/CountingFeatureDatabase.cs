using Microsoft.Extensions.DependencyInjection;
using OrleansInference.Grains.Features.Views;

namespace IntegrationTests.Infrastructure;

/// <summary>The real feature database, with every query counted where it leaves the grains.</summary>
internal sealed class CountingFeatureDatabase(IFeatureDatabase real) : IFeatureDatabase
{
    private int _queries;

    public int Queries => Volatile.Read(ref _queries);

    /// <summary>Puts itself around the registered database.</summary>
    public static void Decorate(IServiceCollection services)
    {
        var descriptor = services.Single(service => service.ServiceType == typeof(IFeatureDatabase));
        services.AddSingleton<IFeatureDatabase>(provider =>
            new CountingFeatureDatabase((IFeatureDatabase)ActivatorUtilities.CreateInstance(provider, descriptor.ImplementationType!)));
    }

    public Task<IReadOnlyDictionary<string, StoredRow>> QueryAsync(FeatureView view, IReadOnlyList<string> userIds)
    {
        Interlocked.Increment(ref _queries);
        return real.QueryAsync(view, userIds);
    }

    public Task CheckAsync(FeatureView view) => real.CheckAsync(view);
}
