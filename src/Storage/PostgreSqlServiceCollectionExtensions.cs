using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using OrleansInference.Storage.Sql;
using OrleansInference.Storage.Sql.PostgreSql;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers PostgreSQL.</summary>
internal static class PostgreSqlServiceCollectionExtensions
{
    /// <summary>Prediction log and outbox in PostgreSQL.</summary>
    public static IServiceCollection AddPostgreSqlLog(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<PostgreSqlOptions>().Bind(configuration.GetSection("Inference:PostgreSql")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<PostgreSqlDatabase>();
        services.AddSingleton<SqlDatabase>(provider => provider.GetRequiredService<PostgreSqlDatabase>());
        services.AddSingleton<PostgreSqlMigrations>();
        services.AddSingleton<PostgreSqlRecordWriter>();
        services.AddSingleton<IRecordWriter>(provider => provider.GetRequiredService<PostgreSqlRecordWriter>());
        return services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<PostgreSqlRecordWriter>());
    }
}
