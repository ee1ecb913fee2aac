using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using OrleansInference.Silo.Cluster;

namespace UnitTests.Silo.Cluster;

public sealed class ClusterBuilderTests
{
    private static readonly InferenceClusterOptions Options = new() { Redis = "redis:6379", ProbeTimeout = TimeSpan.FromSeconds(3), NumMissedProbesLimit = 4 };

    [Fact]
    public void UseInferenceCluster_ASilo_CountsASilentOneAsAliveForHalfAsLongAgainAsItsProbes()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.UseOrleans(silo => silo.UseInferenceCluster(Options));
        using var host = builder.Build();

        var membership = host.Services.GetRequiredService<IOptions<ClusterMembershipOptions>>().Value;

        // Orleans multiplies these two; left alone, the first would be four times the probe's.
        Assert.Equal((TimeSpan.FromSeconds(4.5), 4), (membership.MaxProbeTimeout, membership.NumMissedProbesLimit));
        Assert.True(membership.MinProbeTimeout <= membership.ProbeTimeout);
        // Where one that was declared dead hears of it.
        Assert.InRange(membership.TableRefreshTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Parse_AnyRedis_IsTriedAgainEveryHalfSecondHoweverLongItIsGone()
    {
        var redis = ClusterRedis.Parse(Options);

        Assert.False(redis.AbortOnConnectFail);
        Assert.All([1, 1_000], tries => Assert.Equal((false, true), (redis.ReconnectRetryPolicy.ShouldRetry(tries, 400), redis.ReconnectRetryPolicy.ShouldRetry(tries, 500))));
    }
}
