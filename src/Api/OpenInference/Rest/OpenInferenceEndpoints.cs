using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace OrleansInference.Api.OpenInference.Rest;

/// <summary>The Open Inference Protocol over REST: everything under /v2.</summary>
internal static class OpenInferenceEndpoints
{
    private const string Tag = "Open Inference Protocol";
    private const string Model = "/models/{model}";
    private const string Version = "/models/{model}/versions/{version}";

    public static void MapOpenInference(this IEndpointRouteBuilder endpoints)
    {
        var limit = endpoints.ServiceProvider.GetRequiredService<IOptions<OpenInferenceOptions>>().Value.MaxBodyBytes;
        var v2 = endpoints.MapGroup("/v2").WithTags(Tag).WithMetadata(new RequestSizeLimitAttribute(limit));
        v2.MapHealth();
        v2.MapMetadata();
        v2.MapInference();
    }

    private static void MapHealth(this RouteGroupBuilder v2)
    {
        v2.MapGet("/health/live", HealthAnswers.Live)
            .WithName("V2Live").WithSummary("Whether the process runs, whatever its models do.").Produces<LiveBody>();
        v2.MapGet("/health/ready", HealthAnswers.ReadyAsync)
            .WithName("V2Ready").WithSummary("Whether every model that loads at the start is loaded and warm.")
            .Produces<ReadyBody>().Produces<ReadyBody>(StatusCodes.Status503ServiceUnavailable);
        v2.MapGet($"{Model}/ready", (string model, IInferenceClient client) => HealthAnswers.ModelReadyAsync(client, model, null))
            .WithName("V2ModelReady").WithSummary("Whether the model's default version is loaded and warm.").ProducesReadiness();
        v2.MapGet($"{Version}/ready", (string model, string version, IInferenceClient client) => HealthAnswers.ModelReadyAsync(client, model, version))
            .WithName("V2VersionReady").WithSummary("Whether that version, a number or a label, is loaded and warm.").ProducesReadiness();
    }

    private static void MapMetadata(this RouteGroupBuilder v2)
    {
        // "/v2" and "/v2/" are one address to the router.
        v2.MapGet("/", ModelAnswers.Server)
            .WithName("V2Server").WithSummary("The server's name and version, and the extensions of the protocol that it serves.").ProducesErrors();
        v2.MapGet("/models", ModelAnswers.ListAsync)
            .WithName("V2Models").WithSummary("The names of all models in the repository.").ProducesErrors();
        v2.MapGet(Model, (string model, IInferenceClient client) => ModelAnswers.DescribeAsync(client, model, null))
            .WithName("V2Model").WithSummary("The model's versions, and the tensors of its default version.").ProducesErrors(StatusCodes.Status404NotFound);
        v2.MapGet(Version, (string model, string version, IInferenceClient client) => ModelAnswers.DescribeAsync(client, model, version))
            .WithName("V2Version").WithSummary("The model's versions, and the tensors of that version, a number or a label.").ProducesErrors(StatusCodes.Status404NotFound);
    }

    private static void MapInference(this RouteGroupBuilder v2)
    {
        v2.MapPost($"{Model}/infer", (string model, HttpContext context, IInferenceClient client) => InferEndpoint.InferAsync(context, client, model, null))
            .WithName("V2Infer").WithSummary("Runs the model on raw tensors.").DescribeInference();
        v2.MapPost($"{Version}/infer", (string model, string version, HttpContext context, IInferenceClient client) => InferEndpoint.InferAsync(context, client, model, version))
            .WithName("V2InferVersion").WithSummary("Runs that version, a number or a label, on raw tensors.").DescribeInference();
    }
}
