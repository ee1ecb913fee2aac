using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using OrleansInference;
using OrleansInference.Grains;
using OrleansInference.Grains.Users;
using OrleansInference.Silo;
using OrleansInference.Silo.Cluster;
using OrleansInference.Silo.Metrics;
using OrleansInference.Storage;

namespace Microsoft.Extensions.Hosting;

/// <summary>Puts a silo, or a client of silos, into a host.</summary>
public static class InferenceSiloHostApplicationBuilderExtensions
{
    /// <summary>An embedded silo: grains, models, SQLite under the data directory, which is locked until the host is disposed.</summary>
    /// <remarks>The host owns <paramref name="dataDirectory"/> from here on.</remarks>
    public static IHostApplicationBuilder AddInferenceSilo(this IHostApplicationBuilder builder, DataDirectoryLock dataDirectory)
    {
        // By factory, so that the container owns it; first, so that it is released last.
        builder.Services.AddSingleton<IHostedService>(_ => dataDirectory);
        return builder.AddSilo(InferenceMode.Embedded, UseEmbedded);
    }

    /// <summary>A silo of a cluster. What it writes is in databases that the cluster shares.</summary>
    /// <exception cref="InferenceStartupException">A setting is missing or wrong, or keeps in this process what must be shared.</exception>
    public static IHostApplicationBuilder AddInferenceClusterSilo(this IHostApplicationBuilder builder)
    {
        if (StorageProviders.Read(builder.Configuration) is { UseSqlite: true } providers)
        {
            throw new InferenceStartupException(
                $"{InferenceModes.Setting} is Cluster, and {StorageProviders.LogSetting} is {providers.Log}, {StorageProviders.GrainStateSetting} {providers.GrainState}: SQLite is one process's own. " +
                $"Set {StorageProviders.LogSetting}=PostgreSql with Inference:PostgreSql:ConnectionString, and leave {StorageProviders.GrainStateSetting} out.");
        }

        var cluster = ReadCluster(builder.Configuration);
        builder.AddSilo(InferenceMode.Cluster, (silo, _) => silo.UseInferenceCluster(cluster));
        builder.Services.AddModelsBeforeJoining();
        return builder;
    }

    /// <summary>No silo: the calls go to a cluster's.</summary>
    /// <exception cref="InferenceStartupException">A setting is missing or wrong.</exception>
    public static IHostApplicationBuilder AddInferenceClusterClient(this IHostApplicationBuilder builder)
    {
        var cluster = ReadCluster(builder.Configuration);
        builder.ConfigureShutdown();
        builder.AddInferenceMetrics();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(cluster);
        builder.Services.AddInferenceClient(ReadAttempts(builder.Configuration));
        builder.UseOrleansClient(client => client.UseInferenceCluster(cluster));
        return builder;
    }

    private static IHostApplicationBuilder AddSilo(this IHostApplicationBuilder builder, InferenceMode mode, Action<ISiloBuilder, SiloEndpoints> join)
    {
        var endpoints = SiloEndpoints.Find(builder.Configuration, mode);
        builder.ConfigureShutdown();
        builder.AddInferenceMetrics();
        builder.Services.AddSingleton(endpoints.Ports);

        // In this order: the database is there before the models load, and closes after the silo has stopped.
        builder.Services.AddInferenceStorage(builder.Configuration);
        builder.Services.AddInferenceGrains(builder.Configuration);
        builder.Services.AddInferenceClient(ReadAttempts(builder.Configuration));
        builder.UseOrleans(silo =>
        {
            join(silo, endpoints);
            silo.Configure<EndpointOptions>(endpoints.Apply);
            silo.Configure<SiloMessagingOptions>(options => options.CancelRequestOnTimeout = true);
            silo.Configure<ClientMessagingOptions>(options => options.CancelRequestOnTimeout = true);
        });
        return builder;
    }

    private static void UseEmbedded(ISiloBuilder silo, SiloEndpoints endpoints)
    {
        silo.UseDevelopmentClustering(new IPEndPoint(endpoints.Advertised, endpoints.Ports.Port));
        silo.Configure<ClusterOptions>(options =>
        {
            options.ServiceId = "orleans-inference";
            options.ClusterId = "embedded";
        });
    }

    private static void ConfigureShutdown(this IHostApplicationBuilder builder)
    {
        var shutdown = NamedOptions.ReadOne<ShutdownOptions>(builder.Configuration.GetSection("Inference"), "Shutdown");
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = shutdown.Timeout);

        // Where nothing is said of it; the section is read later.
        builder.Services.Configure<SnapshotOptions>(options => options.StopTimeout = shutdown.Timeout / 3);
        builder.Services.AddSingleton<IValidateOptions<SnapshotOptions>>(new SnapshotStopValidator(shutdown));
    }

    private static InferenceClusterOptions ReadCluster(IConfiguration configuration)
    {
        var options = NamedOptions.ReadOne<InferenceClusterOptions>(configuration.GetSection("Inference"), "Cluster");
        ClusterRedis.Parse(options);
        return options;
    }

    private static PredictionAttemptOptions ReadAttempts(IConfiguration configuration) =>
        NamedOptions.ReadOne<PredictionAttemptOptions>(configuration.GetSection("Inference"), "Predictions");
}
