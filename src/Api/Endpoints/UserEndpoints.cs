namespace OrleansInference.Api.Endpoints;

/// <summary>What the service holds of a user.</summary>
internal static class UserEndpoints
{
    public static void MapUsers(this IEndpointRouteBuilder endpoints) => endpoints
        .MapGet("/v1/users/{id}", async (string id, IInferenceClient client) => ToBody(await client.GetUserAsync(id)))
        .WithName("GetUser")
        .WithTags("Users")
        .WithSummary("What is in memory of one user.")
        .WithDescription("The cached feature views with their ages, read without touching a database. A user nobody asked about has none.")
        .Produces<UserBody>()
        .ProducesProblem(StatusCodes.Status422UnprocessableEntity);

    private static UserBody ToBody(UserState user) => new(
        user.UserId,
        user.LastSequence,
        user.Features.ToDictionary(
            view => view.View,
            view => new FeatureViewBody(view.Age.TotalSeconds, view.Fresh, view.Values.ToDictionary(value => value.Key, value => value.Value))));
}
