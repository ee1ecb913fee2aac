using Microsoft.Extensions.Configuration;
using OrleansInference.Grains;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Erasure;
using OrleansInference.Grains.PostProcessing.Feedback;
using OrleansInference.Grains.PostProcessing.Outbox;
using OrleansInference.Grains.PostProcessing.Retention;
using OrleansInference.Storage;
using OrleansInference.Storage.Sql;

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
        services.AddGrainState(providers.GrainState, configuration);
        services.AddBlobModels(configuration);

        // Written once for all databases.
        services.AddSingleton<IPredictionLog, SqlPredictionLog>();
        services.AddSingleton<IOutcomes, SqlOutcomes>();
        services.AddSingleton<IUserErasure, SqlErasure>();
        services.AddSingleton<IRetention, SqlRetention>();
        services.AddSingleton<SqlOutbox>();
        return services.AddSingleton<IOutbox>(provider => provider.GetRequiredService<SqlOutbox>());
    }
}
