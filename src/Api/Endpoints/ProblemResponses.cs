namespace OrleansInference.Api.Endpoints;

/// <summary>Documents the refusals of an endpoint.</summary>
internal static class ProblemResponses
{
    public static RouteHandlerBuilder ProducesProblems(this RouteHandlerBuilder endpoint, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses) endpoint.Produces<ProblemBody>(status, "application/problem+json");
        return endpoint;
    }
}
