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
    private string? Name => this.GetPrimaryKeyString() is ModelKey.Default ? null : this.GetPrimaryKeyString();

    public Task<InferenceResponse> InferAsync(InferenceRequest request, CancellationToken cancellationToken) =>
        models.Get(Name).Version(request.Version).InferAsync(request, cancellationToken);

    public Task<IReadOnlyList<FieldError>> ValidateAsync(PredictionRequest request) =>
        Task.FromResult(models.GetPlan(request.Model).Request.TryBind(request, time.GetUtcNow(), out _));
}
