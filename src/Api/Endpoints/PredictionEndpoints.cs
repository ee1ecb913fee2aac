using Microsoft.AspNetCore.Mvc;
using OrleansInference.Api.Json;

namespace OrleansInference.Api.Endpoints;

/// <summary>Predictions over REST: reading and writing JSON, nothing else.</summary>
internal static class PredictionEndpoints
{
    private const int MaxBatchBytes = 4 * 1024 * 1024;

    public static void MapPredictions(this IEndpointRouteBuilder endpoints)
    {
        // Asked where it lives: asked of the request, it would cost each one a scope of services.
        var services = endpoints.ServiceProvider;
        Func<HttpContext, Task> predictAsync = context => PredictAsync(context, services.GetRequiredService<IInferenceClient>(), model: null);
        endpoints.MapPost("/predict", predictAsync)
            .Describe("Predict", "Predicts for one user with the default model.");
        endpoints.MapPost("/v1/models/{model}/predict", (string model, HttpContext context) => PredictAsync(context, services.GetRequiredService<IInferenceClient>(), model))
            .Describe("PredictWithModel", "Predicts for one user with the model of that name.");
        endpoints.MapPost("/v1/models/{model}/predict-batch", PredictBatchAsync)
            .WithName("PredictBatch")
            .WithTags("Predictions")
            .WithSummary("Predicts for up to 1,000 requests, of different users at the same time.")
            .WithDescription("Each instance is a request as of predict, with a request_id of its own where it has one. Each is answered in its place, with a prediction or an error; requests of one user are answered one after another. Parameters and the header X-Request-Timeout-Ms hold for all.")
            .WithMetadata(new RequestSizeLimitAttribute(MaxBatchBytes))
            .Accepts<PredictBatchBody>("application/json")
            .Produces<PredictionBatchBody>()
            .ProducesProblems(
                StatusCodes.Status400BadRequest,
                StatusCodes.Status401Unauthorized,
                StatusCodes.Status413PayloadTooLarge,
                StatusCodes.Status415UnsupportedMediaType,
                StatusCodes.Status422UnprocessableEntity);
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
        var parameters = PredictionParameters.Read(context.Request);
        var request = await PredictionRequestReader.ReadAsync(context.Request, model, client);
        var prediction = await client.PredictAsync(parameters.Apply(request), context.RequestAborted);
        await PredictionWriter.WriteAsync(context.Response, prediction);
    }

    private static async Task PredictBatchAsync(string model, HttpContext context, IInferenceClient client)
    {
        var parameters = PredictionParameters.Read(context.Request);
        var instances = await PredictionBatchReader.ReadAsync(context.Request, model);
        var valid = instances.Where(instance => instance.Faults is null).Select(instance => parameters.Apply(instance.Request)).ToArray();
        var predicted = new Queue<PredictionResult>(await client.PredictBatchAsync(valid, context.RequestAborted));
        var failures = new MalformedInstances(client);
        var results = new List<PredictionResult>(instances.Count);
        foreach (var (request, faults) in instances)
            results.Add(faults is null ? predicted.Dequeue() : PredictionResult.Of(await failures.ToFailureAsync(request, faults)));
        await PredictionBatchWriter.WriteAsync(context.Response, results);
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
