using System.Text.Json;
using Orleans.Concurrency;

namespace OrleansInference.Grains.Models;

/// <summary>A model on this silo. Thin by intention: sessions and queues outlive it in <see cref="ModelCatalog"/>.</summary>
/// <remarks>
/// One local worker, reentrant: with more than one, Orleans 10.4 loses cancellation on the way (dotnet/orleans #9877), and idle
/// workers are removed, so nothing may live here.
/// </remarks>
[StatelessWorker(1), Reentrant, GrainType("model")]
internal sealed class ModelGrain(ModelCatalog models, TimeProvider time) : Grain, IModelGrain
{
    private string? Name => ModelKey.ToModel(this.GetPrimaryKeyString());

    public Task<InferenceResponse> InferAsync(InferenceRequest request, CancellationToken cancellationToken) =>
        models.Get(Name).Version(request.Version).InferAsync(request, cancellationToken);

    public Task<IReadOnlyList<FieldError>> ValidateAsync(PredictionRequest request) =>
        Task.FromResult(models.GetPlan(request.Model).Request.TryBind(request, time.GetUtcNow(), out _));

    public Task<ModelDescription> DescribeAsync(string? version)
    {
        var model = models.Get(Name);
        var described = model.Version(version);
        return Task.FromResult(new ModelDescription
        {
            Name = model.Name,
            Versions = [.. model.Versions.Keys.Order()],
            Version = described.Version,
            Platform = "onnx_onnxv1",
            Inputs = described.Metadata.Inputs,
            Outputs = described.Metadata.Outputs,
        });
    }

    public Task<bool> IsReadyAsync(string? version)
    {
        models.Get(Name).Version(version);
        return Task.FromResult(true);
    }

    public Task<string> GetConfigAsync() => Task.FromResult(JsonSerializer.Serialize(new { name = models.Get(Name).Name }));
}
