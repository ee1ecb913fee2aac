namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>Health by the protocol's addresses.</summary>
internal static class HealthAnswers
{
    private const string Loading = "The models that load at the start are not all loaded and warm. Ask again; POST /v2/repository/index tells the state of each.";
    private const string Starting = "The service is starting or stopping. Ask again.";

    // Longer than any answer takes, shorter than any probe waits.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Local: no grain, no model, so that it answers whatever they do.</summary>
    public static IResult Live() => Results.Json(new LiveBody(true));

    public static async Task<IResult> ReadyAsync(IInferenceClient client, IHostApplicationLifetime lifetime)
    {
        if (!lifetime.ApplicationStarted.IsCancellationRequested || lifetime.ApplicationStopping.IsCancellationRequested) return NotReady(Starting);
        try
        {
            return await client.IsReadyAsync().WaitAsync(Patience) ? Results.Json(new ReadyBody(true)) : NotReady(Loading);
        }
        catch (Exception e) when (ErrorMapping.ToInferenceException(e).Code is not InferenceErrorCode.Internal)
        {
            return NotReady(Starting);
        }
    }

    public static async Task<IResult> ModelReadyAsync(IInferenceClient client, string model, string? version) => await client.IsModelReadyAsync(model, version)
        ? Results.Json(new ModelReadyBody(model, true))
        : Results.Json(
            new ModelReadyBody(model, false, $"Model '{model}' is not loaded and warm. POST /v2/repository/index tells why, POST /v2/repository/models/{model}/load loads it."),
            statusCode: StatusCodes.Status503ServiceUnavailable);

    private static IResult NotReady(string why) => Results.Json(new ReadyBody(false, why), statusCode: StatusCodes.Status503ServiceUnavailable);
}
