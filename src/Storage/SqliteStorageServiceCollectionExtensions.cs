using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Orleans.Providers;
using Orleans.Storage;
using OrleansInference.Grains.Features.Views;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Erasure;
using OrleansInference.Grains.PostProcessing.Outbox;
using OrleansInference.Grains.PostProcessing.Retention;
using OrleansInference.Storage.Sql;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the embedded storage.</summary>
public static class SqliteStorageServiceCollectionExtensions
{
    /// <summary>Features, prediction log, outbox and grain state in SQLite under the data directory.</summary>
    public static IServiceCollection AddSqliteStorage(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<SqliteStorageOptions>().Bind(configuration.GetSection("Inference:Sqlite")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<InferenceDatabase>();
        services.AddSingleton<SqliteReaders>();
        services.AddSingleton<SqliteWriter>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<SqliteWriter>());
        services.AddSingleton<SqlOutbox>();
        services.AddSingleton<IOutbox>(provider => provider.GetRequiredService<SqlOutbox>());
        services.AddHostedService<SqliteOutboxStart>();
        services.AddSingleton<SqlDatabase, SqliteDatabase>();
        services.AddSingleton<IRecordWriter, SqliteRecordWriter>();
        services.AddSingleton<IPredictionLog, SqlPredictionLog>();
        services.AddSingleton<IUserErasure, SqlErasure>();
        services.AddSingleton<IRetention, SqlRetention>();
        services.AddSingleton<IFeatureDatabase, SqliteFeatureDatabase>();
        services.AddSingleton<SqlGrainStorage>();
        services.AddKeyedSingleton<IGrainStorage>(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, (provider, _) => provider.GetRequiredService<SqlGrainStorage>());
        services.AddSingleton<IGrainStorage>(provider => provider.GetRequiredService<SqlGrainStorage>());
        return services;
    }
}
