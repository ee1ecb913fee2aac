using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using OrleansInference.Grains;
using OrleansInference.Silo;

namespace Microsoft.Extensions.Hosting;

/// <summary>Puts a silo into a host.</summary>
public static class InferenceSiloHostApplicationBuilderExtensions
{
    /// <summary>An embedded silo: grains, models, SQLite under the data directory, which is locked until the host is disposed.</summary>
    /// <remarks>The host owns <paramref name="dataDirectory"/> from here on.</remarks>
    public static IHostApplicationBuilder AddInferenceSilo(this IHostApplicationBuilder builder, DataDirectoryLock dataDirectory)
    {
        var ports = FindPorts(builder.Configuration);

        // By factory, so that the container owns it; first, so that it is released last.
        builder.Services.AddSingleton<IHostedService>(_ => dataDirectory);
        builder.Services.AddSingleton(ports);

        // In this order: the database is there before the models load, and closes after the silo has stopped.
        builder.Services.AddInferenceStorage(builder.Configuration);
        builder.Services.AddInferenceGrains(builder.Configuration);
        builder.Services.AddInferenceClient();
        builder.UseOrleans(silo => ConfigureSilo(silo, ports));
        return builder;
    }

    private static SiloPortOptions FindPorts(IConfiguration configuration)
    {
        var ports = configuration.GetSection("Inference:Silo").Get<SiloPortOptions>() ?? new SiloPortOptions();
        ports.Port = FindPort("Inference:Silo:Port", ports.Port);
        if (ports.GatewayPort != 0) ports.GatewayPort = FindPort("Inference:Silo:GatewayPort", ports.GatewayPort);
        return ports.Port != ports.GatewayPort
            ? ports
            : throw new InferenceStartupException($"Inference:Silo:Port and Inference:Silo:GatewayPort are both {ports.Port}. Set two different ports.");
    }

    private static int FindPort(string setting, int port)
    {
        if (port is < 0 or > IPEndPoint.MaxPort) throw new InferenceStartupException($"{setting} is {port}, which is no port. Set it to 1 to {IPEndPoint.MaxPort}, or leave it out.");
        return ListenPort.TryFind(new IPEndPoint(IPAddress.Loopback, port), out var found, out var reason)
            ? found
            : throw new InferenceStartupException($"{setting} is {port}, but that port cannot be taken: {reason}. Set another one.");
    }

    private static void ConfigureSilo(ISiloBuilder silo, SiloPortOptions ports)
    {
        var endpoint = new IPEndPoint(IPAddress.Loopback, ports.Port);
        silo.UseDevelopmentClustering(endpoint);
        silo.Configure<EndpointOptions>(options =>
        {
            options.AdvertisedIPAddress = endpoint.Address;
            options.SiloPort = ports.Port;
            options.GatewayPort = ports.GatewayPort;
            options.SiloListeningEndpoint = endpoint;
            options.GatewayListeningEndpoint = ports.GatewayPort == 0 ? null : new IPEndPoint(IPAddress.Loopback, ports.GatewayPort);
        });
        silo.Configure<ClusterOptions>(options =>
        {
            options.ServiceId = "orleans-inference";
            options.ClusterId = "embedded";
        });
        silo.Configure<SiloMessagingOptions>(options => options.CancelRequestOnTimeout = true);
        silo.Configure<ClientMessagingOptions>(options => options.CancelRequestOnTimeout = true);
    }
}
