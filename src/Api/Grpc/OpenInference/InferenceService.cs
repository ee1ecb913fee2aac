using Grpc.Core;
using Microsoft.Extensions.Options;
using OrleansInference.Api.Grpc.OpenInference.Wire;
using OrleansInference.Api.OpenInference;
using OrleansInference.Silo;

namespace OrleansInference.Api.Grpc.OpenInference;

/// <summary>The Open Inference Protocol over gRPC: translation, nothing else.</summary>
internal sealed class InferenceService(IInferenceClient client, Readiness readiness, CallFailures failures, TimeProvider time, IOptions<GrpcOptions> options) : GRPCInferenceService.GRPCInferenceServiceBase
{
    public override Task<ServerLiveResponse> ServerLive(ServerLiveRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerLiveResponse { Live = true });

    public override async Task<ServerReadyResponse> ServerReady(ServerReadyRequest request, ServerCallContext context) =>
        new() { Ready = await readiness.WhyNotAsync() is null };

    public override async Task<ModelReadyResponse> ModelReady(ModelReadyRequest request, ServerCallContext context) =>
        new() { Ready = await client.IsModelReadyAsync(request.Name, OrNull(request.Version)) };

    public override Task<ServerMetadataResponse> ServerMetadata(ServerMetadataRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerMetadataResponse
        {
            Name = Api.OpenInference.ServerMetadata.Name,
            Version = Api.OpenInference.ServerMetadata.Version,
            Extensions = { Api.OpenInference.ServerMetadata.GrpcExtensions },
        });

    public override async Task<ModelMetadataResponse> ModelMetadata(ModelMetadataRequest request, ServerCallContext context) =>
        ModelTranslator.ToMetadata(await client.GetModelAsync(request.Name, OrNull(request.Version)));

    public override async Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context)
    {
        var response = await client.InferAsync(request.ModelName, InferRequestTranslator.Translate(request, context.ReadTimeLeft(time)), context.CancellationToken);
        return InferResponseTranslator.Translate(request, response);
    }

    public override Task ModelStreamInfer(
        IAsyncStreamReader<ModelInferRequest> requestStream, IServerStreamWriter<ModelStreamInferResponse> responseStream, ServerCallContext context) =>
        StreamAnswers.RunAsync(requestStream, responseStream, options.Value.MaxConcurrencyPerStream, (request, _) => AnswerAsync(request, context), context.CancellationToken);

    public override async Task<ModelConfigResponse> ModelConfig(ModelConfigRequest request, ServerCallContext context) =>
        ModelTranslator.ToConfig(await client.GetModelAsync(request.Name, OrNull(request.Version)));

    public override async Task<ModelStatisticsResponse> ModelStatistics(ModelStatisticsRequest request, ServerCallContext context) =>
        new() { ModelStats = { (await client.GetStatisticsAsync(OrNull(request.Name), OrNull(request.Version))).Select(StatisticsTranslator.ToWire) } };

    public override async Task<RepositoryIndexResponse> RepositoryIndex(RepositoryIndexRequest request, ServerCallContext context)
    {
        var models = await client.ListModelsAsync();
        return new RepositoryIndexResponse { Models = { models.Where(model => !request.Ready || model.State is ModelState.Ready).Select(ModelTranslator.ToIndex) } };
    }

    public override async Task<RepositoryModelLoadResponse> RepositoryModelLoad(RepositoryModelLoadRequest request, ServerCallContext context)
    {
        foreach (var name in request.Parameters.Keys) RepositoryParameters.Check(name);
        ThrowIfLagging(request.ModelName, await client.LoadModelAsync(request.ModelName));
        return new RepositoryModelLoadResponse();
    }

    public override async Task<RepositoryModelUnloadResponse> RepositoryModelUnload(RepositoryModelUnloadRequest request, ServerCallContext context)
    {
        foreach (var name in request.Parameters.Keys) RepositoryParameters.Check(name);
        ThrowIfLagging(request.ModelName, await client.UnloadModelAsync(request.ModelName));
        return new RepositoryModelUnloadResponse();
    }

    // One request of a stream: its failure is its answer. Only what ends the whole stream is thrown.
    private async Task<ModelStreamInferResponse> AnswerAsync(ModelInferRequest request, ServerCallContext context)
    {
        try
        {
            return new ModelStreamInferResponse { InferResponse = await ModelInfer(request, context) };
        }
        catch (Exception e) when (!context.CancellationToken.IsCancellationRequested)
        {
            return new ModelStreamInferResponse
            {
                ErrorMessage = failures.Explain(e, context).Message,
                InferResponse = new ModelInferResponse { ModelName = request.ModelName, Id = request.Id },
            };
        }
    }

    // The answer has no room for it: where a silo lags, the change is made but not done, and the caller had better know.
    private static void ThrowIfLagging(string model, ModelChange change)
    {
        if (change.LaggingSilos.Count == 0) return;
        throw new InferenceException(
            InferenceErrorCode.NotReady,
            $"Change {change.Epoch} of model '{model}' is made, but not yet in effect on {string.Join(", ", change.LaggingSilos.Select(silo => $"{silo.Silo} ({silo.Reason})"))}. The silos follow by themselves; RepositoryIndex tells the state.");
    }

    private static string? OrNull(string text) => text.Length == 0 ? null : text;
}
