using System.Security.Cryptography;
using System.Text;

namespace OrleansInference.Api.Security;

/// <summary>Where an API key is configured, every call but health checks must bring it.</summary>
internal sealed class ApiKeyMiddleware(RequestDelegate next, ApiAccess access)
{
    public const string Header = "X-Api-Key";

    private static readonly string[] HealthChecks =
    [
        "/health",
        "/v2/health",
        "/grpc.health.v1.Health",
        "/inference.GRPCInferenceService/ServerLive",
        "/inference.GRPCInferenceService/ServerReady",
    ];

    private readonly byte[]? _key = access.ApiKey is { } key ? Encoding.UTF8.GetBytes(key) : null;

    public Task InvokeAsync(HttpContext context)
    {
        if (_key is null || IsHealthCheck(context.Request.Path) || IsKey(context.Request.Headers[Header])) return next(context);

        context.Response.Headers.WWWAuthenticate = "ApiKey";
        return ErrorAnswer.WriteAsync(context, ErrorMapping.ToProblem(
            new InferenceException(InferenceErrorCode.Unauthenticated, $"This service asks for its API key. Send it in the header {Header}.")));
    }

    private static bool IsHealthCheck(PathString path) => HealthChecks.Any(check => path.StartsWithSegments(check));

    // In constant time, so that the answer's delay tells nothing of the key.
    private bool IsKey(string? sent) => sent is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(sent), _key);
}
