using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Storage.Sql;
using OrleansInference.Storage.Sql.Features;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers SQLite.</summary>
internal static class SqliteServiceCollectionExtensions
{
    private const string LogReaders = "log";

    /// <summary>The threads that read feature views and histories.</summary>
    public static IServiceCollection AddSqliteFeatures(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<SqliteStorageOptions>().Bind(configuration.GetSection("Inference:Sqlite")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<InferenceDatabase>();
        services.AddSingleton<SqliteReaders>();
        return services.AddFeatureDatabases();
    }

    /// <summary>The database under the data directory with its threads.</summary>
    public static IServiceCollection AddSqliteDatabase(this IServiceCollection services)
    {
        services.AddSingleton<SqliteWriter>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<SqliteWriter>());
        services.AddKeyedSingleton(LogReaders, (provider, _) => SqliteReaders.ForLog(
            provider.GetRequiredService<IOptions<SqliteStorageOptions>>(), provider.GetRequiredService<TimeProvider>()));
        return services.AddSingleton(provider => new SqliteDatabase(
            provider.GetRequiredService<SqliteWriter>(),
            provider.GetRequiredKeyedService<SqliteReaders>(LogReaders),
            provider.GetRequiredService<InferenceDatabase>(),
            provider.GetRequiredService<InferenceInstruments>(),
            provider.GetRequiredService<TimeProvider>()));
    }

    /// <summary>Prediction log and outbox in that database.</summary>
    public static IServiceCollection AddSqliteLog(this IServiceCollection services)
    {
        services.AddSingleton<SqlDatabase>(provider => provider.GetRequiredService<SqliteDatabase>());
        services.AddSingleton<IRecordWriter, SqliteRecordWriter>();
        return services.AddHostedService<SqliteOutboxStart>();
    }
}
