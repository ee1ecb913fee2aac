using System.Globalization;
using IntegrationTests.Infrastructure;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Messaging;
using Orleans.Runtime;
using OrleansInference;
using StackExchange.Redis;

namespace IntegrationTests.Cluster;

/// <summary>A client of the cluster that asks the silos and their list what they know of each other and hold.</summary>
internal sealed class ClusterMembers : IAsyncDisposable
{
    private readonly IHost _host;

    private ClusterMembers(IHost host) => _host = host;

    private IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    private IManagementGrain Management => Grains.GetGrain<IManagementGrain>(0);

    private IGatewayListProvider Gateways => _host.Services.GetRequiredService<IGatewayListProvider>();

    /// <summary>Joins the cluster whose first port is given.</summary>
    public static async Task<ClusterMembers> ConnectAsync(int ports)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Configuration.AddInMemoryCollection([new("Inference:Cluster:Redis", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{ports}"))]);
        builder.AddInferenceClusterClient();
        var host = builder.Build();
        await host.StartAsync();
        return new ClusterMembers(host);
    }

    /// <summary>Waits until the list of silos, which nobody but Redis is asked for, holds that many active ones.</summary>
    public Task WaitForActiveAsync(int count) => Eventually.TrueAsync(async () => await TryAsync(async () => (await Gateways.GetGateways()).Count) == count);

    /// <summary>How many users the silo with that port holds.</summary>
    public async Task<int> CountUsersAsync(int siloPort) => await TryAsync(async () =>
        (await Management.GetSimpleGrainStatistics()).Where(grain => grain.SiloAddress.Endpoint.Port == siloPort && grain.GrainType.Contains("UserGrain", StringComparison.Ordinal)).Sum(grain => grain.ActivationCount));

    /// <summary>Asks a user's grain once, and never again; the prediction's id, or null where none was answered.</summary>
    public async Task<Guid?> AskOnceAsync(PredictionRequest request)
    {
        try
        {
            return (await Grains.GetGrain<IUserGrain>(UserKey.FromUserId(request.UserId)).PredictAsync(request, CancellationToken.None)).PredictionId;
        }
        catch (Exception e) when (e is TimeoutException or OrleansException or InferenceException)
        {
            return null;
        }
    }

    /// <summary>The last number that a user's grain has given out, committed or not; -1 where it cannot be asked.</summary>
    public async Task<long> ReadLastSequenceAsync(string user) =>
        await TryAsync(async () => (int)((await Grains.GetGrain<IUserGrain>(UserKey.FromUserId(user)).GetStateAsync()).LastSequence ?? 0));

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    // While silos come and go a question may meet one that is gone; -1 is asked again.
    private static async Task<int> TryAsync(Func<Task<int>> ask)
    {
        try
        {
            return await ask().WaitAsync(TimeSpan.FromSeconds(5));
        }
        catch (Exception e) when (e is TimeoutException or OrleansException or RedisException)
        {
            return -1;
        }
    }
}
