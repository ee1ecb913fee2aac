using System.ComponentModel;
using System.Globalization;

namespace OrleansInference.Api.Endpoints;

/// <summary>Alerts and workflow triggers that could not be delivered.</summary>
internal static class OutboxEndpoints
{
    private const int DefaultLimit = 100;

    public static void MapOutbox(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/v1/outbox/dead-letters", ListAsync)
            .WithName("ListDeadLetters")
            .WithTags("Outbox")
            .WithSummary("Alerts and workflow triggers that were given up, the last written first.")
            .WithDescription("A message is a dead letter after Inference:Outbox:MaxAttempts attempts. It stays for Inference:Retention:DeadLetters.")
            .Produces<DeadLettersBody>()
            .ProducesProblems(StatusCodes.Status401Unauthorized, StatusCodes.Status422UnprocessableEntity, StatusCodes.Status503ServiceUnavailable);
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
        [Description("The next of an earlier answer: goes on from there.")] string? before = null,
        [Description("How many, from 1 to 1000. Default: 100.")] string? limit = null)
    {
        var faults = new List<FieldError>();
        var position = ReadNumber("before", before, long.MinValue, long.MaxValue, "must be a whole number, the next of an earlier answer", faults);
        var most = (int)(ReadNumber("limit", limit, 1, IOutboxClient.MostDeadLetters, $"must be a whole number from 1 to {IOutboxClient.MostDeadLetters}", faults) ?? DefaultLimit);
        if (faults.Count > 0) throw InferenceException.InvalidInput(faults);

        var letters = await outbox.ListDeadLettersAsync(target, position, most);
        return new DeadLettersBody([.. letters.Select(ToBody)], letters.Count == most ? letters[^1].Position : null);
    }

    // Read here: what the framework refuses by the type of a parameter names neither the parameter nor its value.
    private static long? ReadNumber(string name, string? text, long least, long most, string fault, List<FieldError> faults)
    {
        if (text is null) return null;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most) return number;
        faults.Add(new FieldError(name, fault, ((RequestValue)text).ToDisplay()));
        return null;
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
