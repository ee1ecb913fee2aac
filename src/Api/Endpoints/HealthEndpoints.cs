using OrleansInference.Silo;

namespace OrleansInference.Api.Endpoints;

/// <summary>What load balancers and people ask.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        // Cheap and local: no grain, no database, so that it answers whatever the models do.
        endpoints.MapCheck("/health/live", () => Results.Json(new HealthBody("live")))
            .WithName("Live").WithTags("Health").WithSummary("Whether the process runs.").Produces<HealthBody>();
        endpoints.MapCheck("/health/ready", ReadyAsync)
            .WithName("Ready").WithTags("Health").WithSummary("Whether the silo is up and the models of the start are loaded and warm.")
            .Produces<HealthBody>().ProducesProblems(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<IResult> ReadyAsync(Readiness readiness, HttpResponse response)
    {
        if (await readiness.WhyNotAsync() is not { } reason) return Results.Json(new HealthBody("ready"));

        response.Headers.RetryAfter = Readiness.RetryAfter;
        return Results.Problem(ErrorMapping.ToProblem(new InferenceException(InferenceErrorCode.NotReady, reason)));
    }
}
