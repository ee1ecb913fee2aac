using Microsoft.Extensions.Configuration;
using OrleansInference.Grains;
using OrleansInference.Grains.PostProcessing;
using OrleansInference.Grains.PostProcessing.Erasure;
using OrleansInference.Grains.PostProcessing.Feedback;
using OrleansInference.Grains.PostProcessing.Outbox;
using OrleansInference.Grains.PostProcessing.Retention;
using OrleansInference.Storage.Sql;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers where everything is kept.</summary>
public static class InferenceStorageServiceCollectionExtensions
{
    private const string Provider = "Inference:Storage:Provider";

    /// <summary>
    /// Features in SQLite under the data directory; prediction log and outbox there too, or in PostgreSQL, as
    /// <c>Inference:Storage:Provider</c> says; grain state there too, or in Azure, as <c>Inference:GrainState:Provider</c> says. Default: Sqlite.
    /// </summary>
    /// <exception cref="InferenceStartupException">There is no such provider.</exception>
    public static IServiceCollection AddInferenceStorage(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSqlite(configuration);
        _ = configuration[Provider]?.ToUpperInvariant() switch
        {
            null or "" or "SQLITE" => services.AddSqliteLog(),
            "POSTGRESQL" => services.AddPostgreSqlLog(configuration),
            _ => throw new InferenceStartupException($"{Provider} is '{configuration[Provider]}'. Set it to Sqlite or PostgreSql."),
        };

        services.AddGrainState(configuration);
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
