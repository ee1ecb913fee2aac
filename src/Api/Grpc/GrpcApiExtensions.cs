using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using OrleansInference.Api.Grpc.OpenInference;
using OrleansInference.Api.Grpc.Predictions;
using OrleansInference.Api.OpenInference;
using OrleansInference.Silo;

namespace OrleansInference.Api.Grpc;

/// <summary>Puts the gRPC services into the program.</summary>
internal static class GrpcApiExtensions
{
    private const string OpenInferenceService = "inference.GRPCInferenceService";
    private const string PredictionsService = "orleansinference.v1.Predictions";

    // Who watches a service's health learns of a change within this time; Check looks at once.
    private static readonly TimeSpan WatchPeriod = TimeSpan.FromSeconds(5);

    public static IServiceCollection AddGrpcApi(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<GrpcOptions>().Bind(configuration.GetSection(GrpcOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddGrpc(options =>
        {
            options.Interceptors.Add<ErrorInterceptor>();

            // Their route takes a POST to any two words, and REST's own 405 would be lost; BareStatus answers for them.
            options.IgnoreUnknownServices = true;
        });
        services.AddOptions<GrpcServiceOptions>().Configure<IOptions<OpenInferenceOptions>>((grpc, limits) => grpc.MaxReceiveMessageSize = limits.Value.MaxBodyBytes);
        services.AddGrpcReflection();
        services.AddSingleton<CallFailures>();
        services.AddGrpcHealthChecks(options =>
        {
            options.Services.Map(OpenInferenceService, _ => true);
            options.Services.Map(PredictionsService, _ => true);
        }).AddCheck<Readiness>("ready");
        services.Configure<HealthCheckPublisherOptions>(options => options.Period = WatchPeriod);
        return services;
    }

    /// <summary>Tensors are as large as <see cref="OpenInferenceOptions.MaxBodyBytes"/> lets them be; the limit of the host's own is for JSON.</summary>
    public static void MapGrpcApi(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcService<InferenceService>().WithMetadata(new DisableRequestSizeLimitAttribute());
        endpoints.MapGrpcService<PredictionsService>();
        endpoints.MapGrpcHealthChecksService();
        endpoints.MapGrpcReflectionService();
    }

    /// <summary>HTTP/2 without TLS, known beforehand.</summary>
    public static void ListenForGrpc(this ListenOptions endpoint) => endpoint.Protocols = HttpProtocols.Http2;
}
