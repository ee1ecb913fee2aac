using Orleans.Concurrency;

namespace OrleansInference.Grains.Models;

/// <summary>The models of this silo.</summary>
[StatelessWorker(1), Reentrant, GrainType("model-repository")]
internal sealed class ModelRepositoryGrain(ModelCatalog models) : Grain, IModelRepositoryGrain
{
    public Task<IReadOnlyList<ModelIndexEntry>> ListAsync() => Task.FromResult<IReadOnlyList<ModelIndexEntry>>(
        [.. models.All.OrderBy(model => model.Name, StringComparer.Ordinal).SelectMany(model => model.Versions.Keys.Order().Select(version => new ModelIndexEntry(model.Name, version, ModelState.Ready, "")))]);

    public Task<IReadOnlyList<ModelStatistics>> GetStatisticsAsync(string? model, string? version) => Task.FromResult<IReadOnlyList<ModelStatistics>>(
        [.. (model is null ? models.All : [models.Get(model)]).SelectMany(served => (version is null ? served.Versions.Values : [served.Version(version)]).Select(each => new ModelStatistics { Name = served.Name, Version = each.Version }))]);

    public Task<bool> IsReadyAsync() => Task.FromResult(true);
}
