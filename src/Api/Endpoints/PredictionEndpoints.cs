using OrleansInference.Api.Json;

namespace OrleansInference.Api.Endpoints;

/// <summary>Predictions over REST: reading and writing JSON, nothing else.</summary>
internal static class PredictionEndpoints
{
    public static void MapPredictions(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/predict", (HttpContext context, IInferenceClient client) => PredictAsync(context, client, model: null))
            .Describe("Predict", "Predicts for one user with the default model.");
        endpoints.MapPost("/v1/models/{model}/predict", (string model, HttpContext context, IInferenceClient client) => PredictAsync(context, client, model))
            .Describe("PredictWithModel", "Predicts for one user with the model of that name.");
        endpoints.MapGet("/v1/predictions/{id}", GetAsync)
            .WithName("GetPrediction")
            .WithTags("Predictions")
            .WithSummary("A prediction as it was recorded.")
            .WithDescription("The answer and every feature that it was made from, with its age and status at that moment.")
            .Produces<RecordedPredictionBody>()
            .ProducesProblems(
                StatusCodes.Status401Unauthorized,
                StatusCodes.Status404NotFound,
                StatusCodes.Status422UnprocessableEntity,
                StatusCodes.Status503ServiceUnavailable,
                StatusCodes.Status504GatewayTimeout);
    }

    private static async Task PredictAsync(HttpContext context, IInferenceClient client, string? model)
    {
        var request = RecordParameter.Apply(context.Request.Query, await PredictionRequestReader.ReadAsync(context.Request, model, client));
        var prediction = await client.PredictAsync(request, context.RequestAborted);
        await PredictionWriter.WriteAsync(context.Response, prediction);
    }

    private static async Task GetAsync(string id, HttpContext context, IInferenceClient client)
    {
        var prediction = await client.GetPredictionAsync(PredictionId.Read(id));
        await RecordedPredictionWriter.WriteAsync(context.Response, prediction);
    }

    private static void Describe(this RouteHandlerBuilder endpoint, string name, string summary) => endpoint
        .WithName(name)
        .WithTags("Predictions")
        .WithSummary(summary)
        .WithDescription("Besides user_id, the fields are those that the model's manifest declares. When the answer arrives, the prediction and its alerts are on disk. A repeat with the same Idempotency-Key (or request_id) has the same answer; with another body it is refused.")
        .Accepts<PredictBody>("application/json")
        .Produces<PredictionBody>()
        .ProducesProblems(
            StatusCodes.Status400BadRequest,
            StatusCodes.Status401Unauthorized,
            StatusCodes.Status404NotFound,
            StatusCodes.Status409Conflict,
            StatusCodes.Status413PayloadTooLarge,
            StatusCodes.Status415UnsupportedMediaType,
            StatusCodes.Status422UnprocessableEntity,
            StatusCodes.Status429TooManyRequests,
            StatusCodes.Status500InternalServerError,
            StatusCodes.Status503ServiceUnavailable,
            StatusCodes.Status504GatewayTimeout);
}
