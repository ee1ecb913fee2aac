using System.ComponentModel;
using OrleansInference.Api.Json;

namespace OrleansInference.Api.Endpoints;

/// <summary>What others know of a user's features before the database is asked.</summary>
internal static class FeatureEndpoints
{
    public static void MapFeatures(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPut("/v1/users/{id}/features/{view}", PushAsync)
            .Describe("PushFeatures", "Sets values of a feature view, which the user's next prediction uses.", "A push that is older than what is known changes nothing and says so. A part of the features may be sent; the others keep their values.")
            .Accepts<FeaturePushBody>("application/json")
            .Produces<FeaturePushResultBody>()
            .ProducesProblems(StatusCodes.Status400BadRequest, StatusCodes.Status415UnsupportedMediaType);
        endpoints.MapDelete("/v1/users/{id}/features/{view}", InvalidateAsync)
            .Describe("InvalidateFeatures", "Has a feature view read again before the user's next prediction.", "Where the view has no query, what was pushed is forgotten.")
            .Produces(StatusCodes.Status204NoContent);
        endpoints.MapPost("/v1/users/{id}/prefetch", PrefetchAsync)
            .Describe("PrefetchFeatures", "Reads a user's feature views ahead of the first prediction; answers when they are in memory.", "For the model that the body names, or the default model.")
            .Accepts<PrefetchBody>(isOptional: true, "application/json")
            .Produces<PrefetchedBody>()
            .ProducesProblems(StatusCodes.Status400BadRequest, StatusCodes.Status415UnsupportedMediaType);
    }

    private static RouteHandlerBuilder Describe(this RouteHandlerBuilder endpoint, string name, string summary, string description) => endpoint
        .WithName(name)
        .WithTags("Users")
        .WithSummary(summary)
        .WithDescription(description)
        .ProducesProblems(
            StatusCodes.Status401Unauthorized,
            StatusCodes.Status404NotFound,
            StatusCodes.Status422UnprocessableEntity,
            StatusCodes.Status503ServiceUnavailable,
            StatusCodes.Status504GatewayTimeout);

    private static async Task<FeaturePushResultBody> PushAsync(
        [Description("The user id, percent-encoded.")] string id, [Description("The feature view.")] string view, HttpContext context, IInferenceClient client)
    {
        var push = await FeaturePushJson.ReadPushAsync(context.Request);
        var result = await client.PushFeaturesAsync(UserIdSegment.Decode(id, context), view, push, context.RequestAborted);
        return new FeaturePushResultBody(result.Applied, result.EventTime.UtcDateTime);
    }

    private static async Task<IResult> InvalidateAsync(
        [Description("The user id, percent-encoded.")] string id, [Description("The feature view.")] string view, HttpContext context, IInferenceClient client)
    {
        await client.InvalidateFeaturesAsync(UserIdSegment.Decode(id, context), view, context.RequestAborted);
        return Results.NoContent();
    }

    private static async Task<PrefetchedBody> PrefetchAsync([Description("The user id, percent-encoded.")] string id, HttpContext context, IInferenceClient client)
    {
        var model = await FeaturePushJson.ReadModelAsync(context.Request);
        var prefetched = await client.PrefetchAsync(UserIdSegment.Decode(id, context), model, context.RequestAborted);
        return new PrefetchedBody(prefetched.Model, prefetched.Views);
    }
}
