using System.Globalization;
using IntegrationTests.Infrastructure;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;

namespace IntegrationTests.Cluster;

/// <summary>A client of the cluster that asks the silos what they know of each other and hold.</summary>
internal sealed class ClusterMembers : IAsyncDisposable
{
    private readonly IHost _host;

    private ClusterMembers(IHost host) => _host = host;

    private IManagementGrain Management => _host.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0);

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

    /// <summary>Waits until that many silos are active.</summary>
    public Task WaitForActiveAsync(int count) => Eventually.TrueAsync(async () => await TryAsync(async () => (await Management.GetHosts(onlyActive: true)).Count) == count);

    /// <summary>How many users the silo with that port holds.</summary>
    public async Task<int> CountUsersAsync(int siloPort) => await TryAsync(async () =>
        (await Management.GetSimpleGrainStatistics()).Where(grain => grain.SiloAddress.Endpoint.Port == siloPort && grain.GrainType.Contains("UserGrain", StringComparison.Ordinal)).Sum(grain => grain.ActivationCount));

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
        catch (Exception e) when (e is TimeoutException or OrleansException)
        {
            return -1;
        }
    }
}
