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
    public const string OpenInferenceService = "inference.GRPCInferenceService";
    private const string PredictionsService = "orleansinference.v1.Predictions";

    // Who watches a service's health learns of a change within this time; Check looks at once.
    private static readonly TimeSpan WatchPeriod = TimeSpan.FromSeconds(5);

    public static IServiceCollection AddGrpcApi(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<GrpcOptions>().Bind(configuration.GetSection(GrpcOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddGrpc(options =>
        {
            options.Interceptors.Add<ErrorInterceptor>();
            options.MaxReceiveMessageSize = ApiHost.MaxBodyBytes;

            // Their route takes a POST to any two words, and REST's own 405 would be lost; BareStatus answers for them.
            options.IgnoreUnknownServices = true;
        });
        services.AddOptions<GrpcServiceOptions<InferenceService>>().Configure<IOptions<OpenInferenceOptions>>((grpc, limits) => grpc.MaxReceiveMessageSize = limits.Value.MaxBodyBytes);
        services.AddGrpcReflection();
        services.AddSingleton<CallFailures>();
        services.AddSingleton<MessageLimits>();
        services.AddGrpcHealthChecks(options =>
        {
            options.Services.Map(OpenInferenceService, _ => true);
            options.Services.Map(PredictionsService, _ => true);
        }).AddCheck<Readiness>("ready");
        services.Configure<HealthCheckPublisherOptions>(options => options.Period = WatchPeriod);
        return services;
    }

    /// <summary>The host's own limit of a body is for REST: gRPC has one for each message, and tells of it in its own way.</summary>
    public static void MapGrpcApi(this IEndpointRouteBuilder endpoints)
    {
        IEndpointConventionBuilder[] services =
        [
            endpoints.MapGrpcService<InferenceService>(),
            endpoints.MapGrpcService<PredictionsService>(),
            endpoints.MapGrpcHealthChecksService(),
            endpoints.MapGrpcReflectionService(),
        ];
        foreach (var service in services) service.WithMetadata(new DisableRequestSizeLimitAttribute());
    }

    /// <summary>HTTP/2 without TLS, known beforehand.</summary>
    public static void ListenForGrpc(this ListenOptions endpoint) => endpoint.Protocols = HttpProtocols.Http2;
}
