using OrleansInference.Grains.Features.Views;
using OrleansInference.Storage.Sql.Features;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers where feature views read.</summary>
internal static class FeatureDatabaseServiceCollectionExtensions
{
    /// <summary>SQLite and PostgreSQL, each view in its own; and what PostgreSQL says of changed rows.</summary>
    public static IServiceCollection AddFeatureDatabases(this IServiceCollection services)
    {
        services.AddSingleton<SqliteFeatureDatabase>();
        services.AddSingleton<PostgreSqlFeatureDatabase>();
        services.AddSingleton<IFeatureDatabase, FeatureDatabases>();
        return services.AddHostedService<PostgreSqlInvalidations>();
    }
}
