using OrleansInference.Silo;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>Health by the protocol's addresses.</summary>
internal static class HealthAnswers
{
    /// <summary>Local: no grain, no model, so that it answers whatever they do.</summary>
    public static IResult Live() => Results.Json(new LiveBody(true));

    public static async Task<IResult> ReadyAsync(Readiness readiness, HttpResponse response)
    {
        if (await readiness.WhyNotAsync() is not { } reason) return Results.Json(new ReadyBody(true));

        response.Headers.RetryAfter = Readiness.RetryAfter;
        return Results.Json(new ReadyBody(false, reason), statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    public static async Task<IResult> ModelReadyAsync(IInferenceClient client, string model, string? version) => await client.IsModelReadyAsync(model, version)
        ? Results.Json(new ModelReadyBody(model, true))
        : Results.Json(
            new ModelReadyBody(model, false, $"Model '{model}' is not loaded and warm. POST /v2/repository/index tells why, POST /v2/repository/models/{model}/load loads it."),
            statusCode: StatusCodes.Status503ServiceUnavailable);
}
