using OrleansInference.Grains.Features.Views;
using OrleansInference.Grains.Features.Windows;
using OrleansInference.Storage.Sql.Features;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers where feature views read.</summary>
internal static class FeatureDatabaseServiceCollectionExtensions
{
    /// <summary>SQLite and PostgreSQL, each view in its own; and what PostgreSQL says of changed rows.</summary>
    public static IServiceCollection AddFeatureDatabases(this IServiceCollection services)
    {
        services.AddSingleton<SqliteFeatureDatabase>();
        services.AddSingleton<PostgreSqlFeatureSources>();
        services.AddSingleton<PostgreSqlFeatureDatabase>();
        services.AddSingleton<IFeatureDatabase, FeatureDatabases>();
        services.AddSingleton<SqliteEventHistory>();
        services.AddSingleton<PostgreSqlEventHistory>();
        services.AddSingleton<IEventHistory, EventHistories>();
        return services.AddHostedService<PostgreSqlInvalidations>();
    }
}
