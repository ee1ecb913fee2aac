using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;

namespace OrleansInference.Silo.Metrics;

/// <summary>Serves the program's metrics and its health on a port of their own, so that a silo without REST has them and neither collector nor probe needs a key.</summary>
/// <remarks>It starts before the silo and stops after it: a probe is answered while models load.</remarks>
internal sealed class MetricsServer(IPEndPoint endpoint, MeterProvider meters, Readiness readiness) : IHostedService, IAsyncDisposable
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
        _app.Run(AnswerHealthAsync);
        await _app.StartAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => _app?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;

    private Task AnswerHealthAsync(HttpContext context) => context.Request.Path.Value switch
    {
        "/health/live" => AnswerAsync(context, null),
        "/health/ready" => AnswerReadyAsync(context),
        _ => AnswerNothingAsync(context),
    };

    private async Task AnswerReadyAsync(HttpContext context) => await AnswerAsync(context, await readiness.WhyNotAsync());

    private static Task AnswerAsync(HttpContext context, string? fault)
    {
        if (fault is not null) context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync($"{fault ?? "OK"}\n", context.RequestAborted);
    }

    private static Task AnswerNothingAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    // On loopback under local names only, so that no web page reads them under a name of its own.
    private bool IsForMetrics(HttpContext context) =>
        context.Request.Path == InferenceMetrics.Path && (!IPAddress.IsLoopback(endpoint.Address) || context.Request.Host.Host is "localhost" or "127.0.0.1" or "[::1]");
}
