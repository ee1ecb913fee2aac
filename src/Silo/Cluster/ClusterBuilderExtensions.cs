using Microsoft.Extensions.Hosting;
using Orleans.Clustering.Redis;
using Orleans.Configuration;

namespace OrleansInference.Silo.Cluster;

/// <summary>Has Orleans join a cluster through Redis.</summary>
internal static class ClusterBuilderExtensions
{
    // Of the time-out that is set.
    private const double LongestProbe = 1.5;

    // A silo that was declared dead while it stood still hears of it from the list alone.
    private static readonly TimeSpan ListRefreshPeriod = TimeSpan.FromSeconds(5);

    /// <summary>As a silo.</summary>
    public static void UseInferenceCluster(this ISiloBuilder silo, InferenceClusterOptions options)
    {
        silo.UseRedisClustering(redis => Configure(redis, options));
        silo.Configure<ClusterOptions>(cluster => Configure(cluster, options));
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = options.ProbeTimeout;
            // As long as the answers of a busy silo may take. Times the missed probes it is also how long a silo counts as alive that has said
            // anything, and a paused one's last words are from the moment of its pause: left at four times the probe's, that is long.
            membership.MaxProbeTimeout = options.ProbeTimeout * LongestProbe;
            membership.NumMissedProbesLimit = options.NumMissedProbesLimit;
            membership.TableRefreshTimeout = ListRefreshPeriod;
        });
    }

    /// <summary>As a client.</summary>
    public static void UseInferenceCluster(this IClientBuilder client, InferenceClusterOptions options)
    {
        client.UseRedisClustering(redis => Configure(redis, options));
        client.Configure<ClusterOptions>(cluster => Configure(cluster, options));
        client.Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = options.GatewayRefreshPeriod);
        client.Configure<ClientMessagingOptions>(messaging => messaging.CancelRequestOnTimeout = true);
        client.UseConnectionRetryFilter(new FirstConnection(options, TimeProvider.System).ShouldRetryAsync);
    }

    private static void Configure(RedisClusteringOptions redis, InferenceClusterOptions options)
    {
        redis.ConfigurationOptions = ClusterRedis.Parse(options);
        redis.CreateMultiplexer = async _ => (await ClusterRedis.ConnectAsync(options, TimeProvider.System), false);
    }

    private static void Configure(ClusterOptions cluster, InferenceClusterOptions options)
    {
        cluster.ServiceId = options.ServiceId;
        cluster.ClusterId = options.ClusterId;
    }
}
