using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;
using OrleansInference.Grains.Diagnostics;

namespace OrleansInference.Silo.Metrics;

/// <summary>What a collector is told, and how it asks.</summary>
public static class InferenceMetrics
{
    /// <summary>The path that Prometheus asks unless it is told otherwise.</summary>
    public const string Path = "/metrics";

    private const string Orleans = "Microsoft.Orleans";

    // Of well over a hundred: what tells of load, of faults and of members of the cluster. None has a grain's key among its tags.
    private static readonly HashSet<string> OfOrleans =
    [
        "orleans-app-requests-canceled",
        "orleans-app-requests-latency",
        "orleans-app-requests-timedout",
        "orleans-catalog-activation-failed-to-activate",
        "orleans-catalog-activation-working-set",
        "orleans-client-connected-gateways",
        "orleans-gateway-connected-clients",
        "orleans-gateway-load-shedding",
        "orleans-grains",
        "orleans-messaging-expired",
        "orleans-messaging-pings-reply-missed",
        "orleans-messaging-rejected",
        "orleans-messaging-rerouted",
        "orleans-messaging-sent-dropped",
        "orleans-messaging-sent-failed",
        "orleans-scheduler-long-running-turns",
        "orleans-storage-read-errors",
        "orleans-storage-write-errors",
    ];

    /// <summary>Collects the program's meters, and serves them and its health on the port of <c>Inference:Metrics</c> where one is set.</summary>
    /// <exception cref="Grains.InferenceStartupException">That port cannot be used.</exception>
    internal static void AddInferenceMetrics(this IHostApplicationBuilder builder)
    {
        var endpoint = MetricsAddress.Find(builder.Configuration);
        builder.Services.AddSingleton<Readiness>();
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter(InferenceInstruments.MeterName, Orleans, "System.Runtime", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel")
            .AddView(instrument => instrument.Meter.Name == Orleans && !OfOrleans.Contains(instrument.Name) ? MetricStreamConfiguration.Drop : null)
            .AddPrometheusExporter());
        if (endpoint is not null) builder.Services.AddHostedService(services => ActivatorUtilities.CreateInstance<MetricsServer>(services, endpoint));
    }
}
