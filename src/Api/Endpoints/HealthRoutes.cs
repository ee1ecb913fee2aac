namespace OrleansInference.Api.Endpoints;

/// <summary>Maps health checks.</summary>
internal static class HealthRoutes
{
    /// <summary>Answers GET, and HEAD for those who want the status alone; the document names GET only, since operations need names of their own.</summary>
    public static RouteHandlerBuilder MapCheck(this IEndpointRouteBuilder endpoints, string path, Delegate check)
    {
        endpoints.MapMethods(path, [HttpMethods.Head], check).ExcludeFromDescription();
        return endpoints.MapGet(path, check);
    }
}
