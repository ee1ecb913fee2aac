using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using OrleansInference;

namespace IntegrationTests.Infrastructure;

/// <summary>A .NET application outside the silos: all that it asks goes over a socket.</summary>
internal sealed class GatewayClient : IAsyncDisposable
{
    private readonly IHost _host;

    private GatewayClient(IHost host) => _host = host;

    public IInferenceClient Client => _host.Services.GetRequiredService<IInferenceClient>();

    public IReplayClient Replays => _host.Services.GetRequiredService<IReplayClient>();

    /// <summary>Connects to the silos with these gateway ports.</summary>
    public static async Task<GatewayClient> ConnectAsync(params int[] gatewayPorts)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.UseOrleansClient(client => client
            .UseStaticClustering([.. gatewayPorts.Select(port => new IPEndPoint(IPAddress.Loopback, port))])
            .Configure<ClusterOptions>(options => (options.ServiceId, options.ClusterId) = ("orleans-inference", "embedded"))
            .Configure<ClientMessagingOptions>(options => options.CancelRequestOnTimeout = true));
        builder.Services.AddInferenceClient();
        var host = builder.Build();
        await host.StartAsync();
        return new GatewayClient(host);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
