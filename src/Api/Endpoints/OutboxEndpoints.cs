using System.ComponentModel;

namespace OrleansInference.Api.Endpoints;

/// <summary>Alerts and workflow triggers that could not be delivered.</summary>
internal static class OutboxEndpoints
{
    public static void MapOutbox(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/v1/outbox/dead-letters", ListAsync)
            .WithName("ListDeadLetters")
            .WithTags("Outbox")
            .WithSummary("Alerts and workflow triggers that were given up, the last written first.")
            .WithDescription("A message is a dead letter after Inference:Outbox:MaxAttempts attempts. It stays for Inference:Retention:DeadLetters.")
            .Produces<DeadLettersBody>()
            .ProducesProblems(StatusCodes.Status400BadRequest, StatusCodes.Status401Unauthorized, StatusCodes.Status422UnprocessableEntity, StatusCodes.Status503ServiceUnavailable);
        endpoints.MapPost("/v1/outbox/messages/{id}/resend", ResendAsync)
            .WithName("ResendMessage")
            .WithTags("Outbox")
            .WithSummary("Sends a dead letter again, under its old key.")
            .WithDescription("Its event has the attribute outoforder: later messages of its user may have gone out before it. 202 says that it is due, not that it has arrived.")
            .Produces(StatusCodes.Status202Accepted)
            .ProducesProblems(
                StatusCodes.Status401Unauthorized,
                StatusCodes.Status404NotFound,
                StatusCodes.Status422UnprocessableEntity,
                StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<DeadLettersBody> ListAsync(
        IOutboxClient outbox,
        [Description("Of this webhook only.")] string? target = null,
        [Description("The next of an earlier answer: goes on from there.")] long? before = null,
        [Description("How many, from 1 to 1000.")] int limit = 100)
    {
        var letters = await outbox.ListDeadLettersAsync(target, before, limit);
        return new DeadLettersBody([.. letters.Select(ToBody)], letters.Count == limit ? letters[^1].Position : null);
    }

    private static async Task<IResult> ResendAsync([Description("The message_id, percent-encoded.")] string id, IOutboxClient outbox)
    {
        // Routing decodes everything else.
        await outbox.ResendAsync(id.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase));
        return Results.Accepted();
    }

    private static DeadLetterBody ToBody(DeadLetter letter) => new(
        letter.MessageId,
        letter.PredictionId,
        letter.UserId,
        letter.Kind,
        letter.Target,
        letter.Attempts,
        letter.CreatedAt.UtcDateTime,
        letter.DiedAt.UtcDateTime,
        letter.LastError);
}
