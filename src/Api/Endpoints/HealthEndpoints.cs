namespace OrleansInference.Api.Endpoints;

/// <summary>What load balancers and people ask.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        // Cheap and local: no grain, no database, so that it answers whatever the models do.
        endpoints.MapGet("/health/live", () => Results.Json(new HealthBody("live")))
            .WithName("Live").WithTags("Health").WithSummary("Whether the process runs.").Produces<HealthBody>();
        endpoints.MapGet("/health/ready", (IHostApplicationLifetime lifetime) => IsReady(lifetime)
                ? Results.Json(new HealthBody("ready"))
                : Results.Problem(ErrorMapping.ToProblem(new InferenceException(InferenceErrorCode.NotReady, "The service is starting or stopping."))))
            .WithName("Ready").WithTags("Health").WithSummary("Whether the silo is up and its models are loaded.")
            .Produces<HealthBody>().ProducesProblems(StatusCodes.Status503ServiceUnavailable);
    }

    private static bool IsReady(IHostApplicationLifetime lifetime) =>
        lifetime.ApplicationStarted.IsCancellationRequested && !lifetime.ApplicationStopping.IsCancellationRequested;
}
