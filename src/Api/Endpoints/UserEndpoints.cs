using System.ComponentModel;
using System.Globalization;
using OrleansInference.Api.Json;

namespace OrleansInference.Api.Endpoints;

/// <summary>What the service holds of a user.</summary>
internal static class UserEndpoints
{
    public static void MapUsers(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGetUser();
        endpoints.MapDelete("/v1/users/{id}", EraseAsync)
            .WithName("EraseUser")
            .WithTags("Users")
            .WithSummary("Removes everything that is kept of one user; answers when it is done.")
            .WithDescription("Predictions, outcomes, alerts and workflow triggers (delivered or not), and what is in memory. With Inference:Erasure:Log = Pseudonymise the predictions stay under a random user.")
            .Produces<UserErasureBody>()
            .ProducesProblems(StatusCodes.Status401Unauthorized, StatusCodes.Status422UnprocessableEntity, StatusCodes.Status503ServiceUnavailable, StatusCodes.Status504GatewayTimeout);
    }

    private static void MapGetUser(this IEndpointRouteBuilder endpoints) => endpoints
        .MapGet("/v1/users/{id}", GetAsync)
        .WithName("GetUser")
        .WithTags("Users")
        .WithSummary("What the service knows of one user.")
        .WithDescription("The cached feature views with their ages, the version that each model shows the user, and the last recorded predictions. A user nobody asked about has none.")
        .Produces<UserBody>()
        .ProducesProblems(StatusCodes.Status401Unauthorized, StatusCodes.Status422UnprocessableEntity, StatusCodes.Status503ServiceUnavailable);

    private static async Task<UserBody> GetAsync(
        [Description("The user id, percent-encoded; a slash is %2F. Ids that no path can hold (. and .. and those with NUL) cannot be asked here.")] string id,
        HttpContext context,
        IInferenceClient client) => ToBody(await client.GetUserAsync(UserIdSegment.Decode(id, context)));

    private static async Task<UserErasureBody> EraseAsync([Description("The user id, percent-encoded.")] string id, HttpContext context, IInferenceClient client)
    {
        var erased = await client.EraseUserAsync(UserIdSegment.Decode(id, context), context.RequestAborted);
        return new UserErasureBody(erased.UserId, erased.Predictions, erased.Messages, erased.Pseudonymised);
    }

    private static UserBody ToBody(UserState user) => new(
        user.UserId,
        user.LastSequence,
        user.Features.ToDictionary(
            view => view.View,
            view => new FeatureViewBody(view.Age.TotalSeconds, view.Fresh, view.Status, view.EventTime?.UtcDateTime, view.Values.ToDictionary(value => value.Key, value => value.Value))),
        [.. user.Variants.Select(shown => new UserVariantBody(shown.Model, Text(shown.Version), Variants.NameOf(shown.Variant)))],
        [.. user.LastPredictions.Select(ToBody)]);

    private static LastPredictionBody ToBody(RecordedPrediction prediction) => new(
        prediction.PredictionId,
        prediction.Sequence,
        prediction.CreatedAt.UtcDateTime,
        prediction.Model,
        Text(prediction.ModelVersion),
        Variants.NameOf(prediction.Variant),
        prediction.Value,
        prediction.Info,
        prediction.Degraded);

    private static string Text(int version) => version.ToString(CultureInfo.InvariantCulture);
}
