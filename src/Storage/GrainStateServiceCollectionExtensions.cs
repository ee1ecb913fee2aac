using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.Providers;
using Orleans.Serialization;
using Orleans.Storage;
using OrleansInference.Grains;
using OrleansInference.Storage;
using OrleansInference.Storage.Azure;
using OrleansInference.Storage.Azure.GrainState;
using OrleansInference.Storage.Sql;
using OrleansInference.Storage.Sql.PostgreSql;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers where grain state is kept.</summary>
internal static class GrainStateServiceCollectionExtensions
{
    /// <summary>The default provider of grain storage.</summary>
    public static IServiceCollection AddGrainState(this IServiceCollection services, GrainStateProvider provider, IConfiguration configuration) => provider switch
    {
        GrainStateProvider.Sqlite => services.AddSqlGrainState<SqliteDatabase>(),
        GrainStateProvider.PostgreSql => services.AddSqlGrainState<PostgreSqlDatabase>(),
        GrainStateProvider.AzureTable => services.AddAzureAccount(configuration).AddAzureTables(configuration),
        _ => services.AddAzureAccount(configuration).AddAzureBlobs(),
    };

    private static IServiceCollection AddSqlGrainState<TDatabase>(this IServiceCollection services)
        where TDatabase : SqlDatabase
    {
        services.AddSingleton(provider => new SqlGrainStorage(
            provider.GetRequiredService<TDatabase>(), provider.GetRequiredService<Serializer>(), provider.GetRequiredService<TimeProvider>()));
        services.AddKeyedSingleton<IGrainStorage>(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, (provider, _) => provider.GetRequiredService<SqlGrainStorage>());
        return services.AddSingleton<IGrainStorage>(provider => provider.GetRequiredService<SqlGrainStorage>());
    }

    private static IServiceCollection AddAzureAccount(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<IValidateOptions<GrainStateOptions>>(new AzureOptionsValidator<GrainStateOptions>(GrainStateOptions.Section, Connect));
        services.AddOptions<GrainStateOptions>().Bind(configuration.GetSection(GrainStateOptions.Section)).ValidateOnStart();
        return services.AddHostedService<GrainStateCheck>();
    }

    private static void Connect(GrainStateOptions account)
    {
        if (account.Provider is GrainStateProvider.AzureTable) AzureClients.CreateTables(account);
        else AzureClients.CreateBlobs(account);
    }

    private static IServiceCollection AddAzureTables(this IServiceCollection services, IConfiguration configuration)
    {
        // The provider's: 15 columns of 64 KiB.
        services.AddSingleton(new GrainStateLimit(15 * 64 * 1024, "a row of an Azure table", $"set {GrainStateOptions.Section}:Provider to AzureBlob, which begins empty"));
        new SiloServices(services, configuration).AddAzureTableGrainStorageAsDefault(builder => builder.Configure<IOptions<GrainStateOptions>, Serializer>((storage, settings, serializer) =>
        {
            storage.TableServiceClient = AzureClients.CreateTables(settings.Value);
            storage.TableName = settings.Value.TableName;

            // An empty row would stay for each user that is erased.
            storage.DeleteStateOnClear = true;
            storage.GrainStorageSerializer = new OrleansGrainStorageSerializer(serializer);
        }));
        return services;
    }

    private static IServiceCollection AddAzureBlobs(this IServiceCollection services) =>
        services.AddAzureBlobGrainStorageAsDefault(builder => builder.Configure<IOptions<GrainStateOptions>, Serializer>((storage, settings, serializer) =>
        {
            storage.BlobServiceClient = AzureClients.CreateBlobs(settings.Value);
            storage.ContainerName = settings.Value.ContainerName;
            storage.GrainStorageSerializer = new OrleansGrainStorageSerializer(serializer);
        }));

    // The tables' registration is for a silo builder only, and asks it for nothing but these.
    private sealed record SiloServices(IServiceCollection Services, IConfiguration Configuration) : ISiloBuilder;
}
