using Orleans.Concurrency;
using OrleansInference.Grains.Models.Manifest;

namespace OrleansInference.Grains.Models;

/// <summary>A model on this silo. Thin by intention: sessions and queues outlive it in <see cref="ModelCatalog"/>.</summary>
/// <remarks>
/// One local worker, reentrant: with more than one, Orleans 10.4 loses cancellation on the way (dotnet/orleans #9877), and idle
/// workers are removed, so nothing may live here.
/// </remarks>
[StatelessWorker(1), Reentrant, GrainType("model")]
internal sealed class ModelGrain(ModelCatalog models, TimeProvider time) : Grain, IModelGrain
{
    private string? Name => field ??= ModelKey.ToModel(this.GetPrimaryKeyString());

    public async Task<InferenceResponse> InferAsync(InferenceRequest request, CancellationToken cancellationToken)
    {
        var startedAt = time.GetTimestamp();
        var acquiring = request.Generation != 0
            ? new(models.Acquire(Name!, request.Generation))
            : models.AcquireAsync(Name, request.Timeout, cancellationToken);
        var isLoaded = acquiring.IsCompleted;
        var model = await acquiring;
        try
        {
            return await model.InferAsync(isLoaded ? request : After(startedAt, request), cancellationToken);
        }
        finally
        {
            model.Release();
        }
    }

    public async Task<IReadOnlyList<FieldError>> ValidateAsync(PredictionRequest request)
    {
        var model = await models.AcquirePredictingAsync(request.Model, request.Timeout, CancellationToken.None);
        model.Release();
        return model.Plan!.TryBind(request, time.GetUtcNow(), out _);
    }

    public async Task<ModelDescription> DescribeAsync(string? version)
    {
        var model = await models.AcquireAsync(Name, timeout: null, CancellationToken.None);
        model.Release();
        var described = model.Version(version).Served;
        return new ModelDescription
        {
            Name = model.Name,
            Versions = [.. model.Versions.Keys.Order()],
            Version = described.Version,
            Platform = described.Platform,
            Inputs = described.Metadata.Inputs,
            Outputs = described.Metadata.Outputs,
            MaxBatchSize = described.MaxBatchSize,
            Labels = model.Labels,
        };
    }

    public Task<bool> IsReadyAsync(string? version)
    {
        if (models.Find(Name).Current is not { } model) return Task.FromResult(false);
        model.Version(version);
        return Task.FromResult(true);
    }

    public async Task<string> GetConfigAsync()
    {
        var model = await models.AcquireAsync(Name, timeout: null, CancellationToken.None);
        model.Release();
        return EffectiveManifest.ToJson(model);
    }

    // A wait for a model that was not in memory is part of the caller's time; without one, messages name the time that the caller gave.
    private InferenceRequest After(long startedAt, InferenceRequest request) =>
        request.Timeout is { } timeout ? request with { Timeout = timeout - time.GetElapsedTime(startedAt) } : request;
}
