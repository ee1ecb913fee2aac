using System.Text.Json.Serialization;
using OrleansInference.Api.Demo;
using OrleansInference.Api.Endpoints;
using OrleansInference.Api.Export;
using OrleansInference.Api.Grpc;
using OrleansInference.Api.OpenInference;
using OrleansInference.Api.OpenInference.Rest;
using OrleansInference.Api.Security;
using OrleansInference.Silo;
using OrleansInference.Silo.Metrics;
using Scalar.AspNetCore;

namespace OrleansInference.Api;

/// <summary>Puts the program together: settings, demo, silo, endpoints.</summary>
public static class ApiHost
{
    /// <summary>Largest body of a request, and largest message of a gRPC call, in bytes, where nothing else is said. A prediction's fields are numbers and short strings.</summary>
    internal const int MaxBodyBytes = 256 * 1024;

    /// <summary>The whole program, ready to start.</summary>
    /// <param name="args">The command line: any setting as <c>--Inference:…=value</c>.</param>
    /// <param name="configure">Last changes to the services, for tests.</param>
    public static async Task<WebApplication> BuildAsync(string[] args, Action<IServiceCollection>? configure = null)
    {
        SettingsFiles.Poll();
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        ConfigurationDefaults.Apply(builder.Configuration);
        KnownSettings.ThrowIfUnknown(builder.Configuration);
        var mode = InferenceModes.Read(builder.Configuration);
        var paths = InferencePaths.Resolve(builder.Configuration);
        var access = ApiAccess.Read(builder.Configuration);
        var endpoints = ListenAddresses.Read(builder.Configuration, access);
        ListenAddresses.ThrowIfTaken(endpoints);
        var grpcEndpoints = GrpcListenAddresses.Find(builder.Configuration, endpoints);
        var dataDirectory = mode is InferenceMode.Embedded ? DataDirectoryLock.Acquire(paths.DataDirectory) : null;
        var demo = await FraudDemoHost.StartAsync(builder.Configuration, paths, mode);

        builder.Services.AddSingleton(paths);
        builder.Services.AddSingleton(access);
        builder.Services.AddHostedService(_ => demo);
        builder.AddInference(mode, dataDirectory);
        builder.Services.AddApi();
        builder.Services.AddSingleton(new ListenPlan(endpoints.Count));
        builder.Services.AddGrpcApi(builder.Configuration);

        // No handler blocks, so the thread that has read a request may run it, and need wake no other.
        builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            foreach (var endpoint in endpoints) kestrel.Listen(endpoint);
            foreach (var endpoint in grpcEndpoints) kestrel.Listen(endpoint, GrpcApiExtensions.ListenForGrpc);
        });
        configure?.Invoke(builder.Services);

        var app = builder.Build();
        MapApi(app);
        return app;
    }

    private static void AddInference(this WebApplicationBuilder builder, InferenceMode mode, DataDirectoryLock? dataDirectory)
    {
        if (dataDirectory is not null) builder.AddInferenceSilo(dataDirectory);
        else if (mode is InferenceMode.Cluster) builder.AddInferenceClusterSilo();
        else builder.AddInferenceClusterClient();
    }

    private static void AddApi(this IServiceCollection services)
    {
        services.AddProblemDetails();
        services.AddTransient<IStartupFilter, DeclaredEndpointsOnly>();
        services.AddOpenApi(ApiDocument.Configure);
        services.AddOptions<OpenInferenceOptions>().BindConfiguration(OpenInferenceOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        // Numbers are numbers: the defaults for the web would take and document them as strings too.
        services.ConfigureHttpJsonOptions(options => options.SerializerOptions.NumberHandling = JsonNumberHandling.Strict);
    }

    // In running order.
    private static void MapApi(WebApplication app)
    {
        app.UseMiddleware<ErrorMiddleware>();
        app.UseMiddleware<HostNameMiddleware>();
        app.UseMiddleware<ApiKeyMiddleware>();
        app.UseMiddleware<UnreadMessageMiddleware>();

        app.MapPredictions();
        app.MapHistory();
        app.MapExport();
        app.MapReplays();
        app.MapUsers();
        app.MapFeatures();
        app.MapOutbox();
        app.MapHealth();
        app.MapPrometheusScrapingEndpoint(InferenceMetrics.Path);
        app.MapOpenInference();
        app.MapGrpcApi();
        app.MapOpenApi();
        app.MapScalarApiReference("/docs", ApiDocument.ConfigurePage);
        app.MapGet("/", () => Results.Redirect("/docs")).ExcludeFromDescription();
    }
}
