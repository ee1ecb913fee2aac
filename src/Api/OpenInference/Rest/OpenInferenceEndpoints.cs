using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using OrleansInference.Api.Endpoints;

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
        v2.MapRepository();
        v2.MapStatistics();
    }

    private static void MapHealth(this RouteGroupBuilder v2)
    {
        v2.MapCheck("/health/live", HealthAnswers.Live)
            .WithName("V2Live").WithSummary("Whether the process runs, whatever its models do.").Produces<LiveBody>();
        v2.MapCheck("/health/ready", HealthAnswers.ReadyAsync)
            .WithName("V2Ready").WithSummary("Whether every model that loads at the start is loaded and warm.")
            .Produces<ReadyBody>().Produces<ReadyBody>(StatusCodes.Status503ServiceUnavailable);
        v2.MapCheck($"{Model}/ready", (string model, IInferenceClient client) => HealthAnswers.ModelReadyAsync(client, model, null))
            .WithName("V2ModelReady").WithSummary("Whether the model's default version is loaded and warm.").ProducesReadiness();
        v2.MapCheck($"{Version}/ready", (string model, string version, IInferenceClient client) => HealthAnswers.ModelReadyAsync(client, model, version))
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

    private static void MapRepository(this RouteGroupBuilder v2)
    {
        v2.MapPost("/repository/index", RepositoryAnswers.IndexAsync)
            .WithName("V2RepositoryIndex").WithSummary("Every version of every model, whether it serves, and why not.")
            .Accepts<IndexRequestBody>(isOptional: true, "application/json").ProducesErrors(StatusCodes.Status400BadRequest, StatusCodes.Status415UnsupportedMediaType);
        v2.MapPost("/repository/models/{model}/load", RepositoryAnswers.LoadAsync)
            .WithName("V2RepositoryLoad").WithSummary("Reads the model's folder again and serves what is there.").DescribeChange();
        v2.MapPost("/repository/models/{model}/unload", RepositoryAnswers.UnloadAsync)
            .WithName("V2RepositoryUnload").WithSummary("Stops serving the model until it is loaded again, also after a restart.").DescribeChange();
    }

    private static void MapStatistics(this RouteGroupBuilder v2)
    {
        v2.MapGet("/models/stats", (IInferenceClient client) => StatisticsAnswers.GetAsync(client, null, null))
            .WithName("V2Statistics").WithSummary("What all versions in memory have done.").ProducesErrors();
        v2.MapGet($"{Model}/stats", (string model, IInferenceClient client) => StatisticsAnswers.GetAsync(client, model, null))
            .WithName("V2ModelStatistics").WithSummary("What the model's versions have done.").ProducesErrors(StatusCodes.Status404NotFound);
        v2.MapGet($"{Version}/stats", (string model, string version, IInferenceClient client) => StatisticsAnswers.GetAsync(client, model, version))
            .WithName("V2VersionStatistics").WithSummary("What that version, a number or a label, has done.").ProducesErrors(StatusCodes.Status404NotFound);
        v2.MapGet($"{Model}/config", (string model, IInferenceClient client) => StatisticsAnswers.GetConfigAsync(client, model, null))
            .WithName("V2ModelConfig").WithSummary("The model's manifest as it is in effect, defaults filled in.").Produces<JsonElement>().ProducesErrors(StatusCodes.Status404NotFound);
        v2.MapGet($"{Version}/config", (string model, string version, IInferenceClient client) => StatisticsAnswers.GetConfigAsync(client, model, version))
            .WithName("V2VersionConfig").WithSummary("The same; a manifest holds for all versions of its model.").Produces<JsonElement>().ProducesErrors(StatusCodes.Status404NotFound);
    }
}
