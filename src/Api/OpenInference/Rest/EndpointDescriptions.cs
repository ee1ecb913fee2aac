namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>What the OpenAPI document says of the protocol's endpoints.</summary>
internal static class EndpointDescriptions
{
    private const string Inference =
        "JSON as the protocol has it. With the header Inference-Header-Content-Length (the bytes of JSON), inputs with binary_data_size follow the JSON as "
        + "little-endian bytes, in their order; with that header 0, the body is the bytes of the model's only input. Outputs asked for with binary_data come the "
        + "same way. The header X-Request-Timeout-Ms, like the parameter timeout (in microseconds), is what is left of the caller's time: work whose time is up never starts.";

    public static RouteHandlerBuilder DescribeInference(this RouteHandlerBuilder endpoint) => endpoint
        .WithDescription(Inference)
        .Accepts<InferRequestBody>(isOptional: true, "application/json", "application/octet-stream")
        .Produces<InferResponseBody>()
        .ProducesErrors(
            StatusCodes.Status400BadRequest,
            StatusCodes.Status404NotFound,
            StatusCodes.Status413PayloadTooLarge,
            StatusCodes.Status415UnsupportedMediaType,
            StatusCodes.Status429TooManyRequests,
            StatusCodes.Status500InternalServerError,
            StatusCodes.Status504GatewayTimeout);

    public static RouteHandlerBuilder DescribeChange(this RouteHandlerBuilder endpoint) => endpoint
        .WithDescription("Answers 200 when every active silo serves accordingly; 503 with the silos that do not yet, which follow by themselves.")
        .Accepts<ChangeRequestBody>(isOptional: true, "application/json")
        .Produces<ChangeBody>()
        .ProducesErrors(
            StatusCodes.Status400BadRequest,
            StatusCodes.Status404NotFound,
            StatusCodes.Status415UnsupportedMediaType,
            StatusCodes.Status500InternalServerError,
            StatusCodes.Status504GatewayTimeout);

    public static RouteHandlerBuilder ProducesReadiness(this RouteHandlerBuilder endpoint) => endpoint
        .Produces<ModelReadyBody>()
        .Produces<ModelReadyBody>(StatusCodes.Status503ServiceUnavailable)
        .Produces<ErrorBody>(StatusCodes.Status401Unauthorized)
        .Produces<ErrorBody>(StatusCodes.Status404NotFound);

    /// <summary>Those that any endpoint has, and these.</summary>
    public static RouteHandlerBuilder ProducesErrors(this RouteHandlerBuilder endpoint, params ReadOnlySpan<int> statuses)
    {
        endpoint.Produces<ErrorBody>(StatusCodes.Status401Unauthorized).Produces<ErrorBody>(StatusCodes.Status503ServiceUnavailable);
        foreach (var status in statuses) endpoint.Produces<ErrorBody>(status);
        return endpoint;
    }
}
