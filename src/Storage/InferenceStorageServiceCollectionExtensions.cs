using Microsoft.Extensions.Configuration;
using Orleans.Providers;
using Orleans.Serialization;
using Orleans.Storage;
using OrleansInference.Grains;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Erasure;
using OrleansInference.Grains.PostProcessing.Feedback;
using OrleansInference.Grains.PostProcessing.Outbox;
using OrleansInference.Grains.PostProcessing.Retention;
using OrleansInference.Storage;
using OrleansInference.Storage.Sql;
using OrleansInference.Storage.Sql.PostgreSql;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers where everything is kept.</summary>
public static class InferenceStorageServiceCollectionExtensions
{
    /// <summary>Prediction log, outbox and grain state where <see cref="StorageProviders"/> says; features wherever each view says.</summary>
    /// <exception cref="InferenceStartupException">There is no such provider.</exception>
    public static IServiceCollection AddInferenceStorage(this IServiceCollection services, IConfiguration configuration)
    {
        var providers = StorageProviders.Read(configuration);
        services.AddSqliteFeatures(configuration);
        if (providers.UseSqlite) services.AddSqliteDatabase();
        if (providers.Log is StorageProvider.Sqlite) services.AddSqliteLog();
        else services.AddPostgreSqlLog(configuration);
        services.AddGrainState(providers.GrainState);

        // Written once for all databases.
        services.AddSingleton<IPredictionLog, SqlPredictionLog>();
        services.AddSingleton<IOutcomes, SqlOutcomes>();
        services.AddSingleton<IUserErasure, SqlErasure>();
        services.AddSingleton<IRetention, SqlRetention>();
        services.AddSingleton<SqlOutbox>();
        return services.AddSingleton<IOutbox>(provider => provider.GetRequiredService<SqlOutbox>());
    }

    private static void AddGrainState(this IServiceCollection services, StorageProvider grainState)
    {
        services.AddSingleton(provider => new SqlGrainStorage(
            grainState is StorageProvider.Sqlite ? provider.GetRequiredService<SqliteDatabase>() : provider.GetRequiredService<PostgreSqlDatabase>(),
            provider.GetRequiredService<Serializer>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddKeyedSingleton<IGrainStorage>(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, (provider, _) => provider.GetRequiredService<SqlGrainStorage>());
        services.AddSingleton<IGrainStorage>(provider => provider.GetRequiredService<SqlGrainStorage>());
    }
}
