using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;

namespace OrleansInference.Silo.Metrics;

/// <summary>Serves the program's metrics on a port of their own, so that a silo without REST has them and a collector needs no key.</summary>
internal sealed class MetricsServer(IPEndPoint endpoint, MeterProvider meters) : IHostedService, IAsyncDisposable
{
    private WebApplication? _app;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(endpoint);
        });
        _app = builder.Build();
        _app.UseOpenTelemetryPrometheusScrapingEndpoint(meters, IsForMetrics, path: null, configureBranchedPipeline: null, optionsName: null);
        await _app.StartAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => _app?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;

    // On loopback under local names only, so that no web page reads them under a name of its own.
    private bool IsForMetrics(HttpContext context) =>
        context.Request.Path == InferenceMetrics.Path && (!IPAddress.IsLoopback(endpoint.Address) || context.Request.Host.Host is "localhost" or "127.0.0.1" or "[::1]");
}
