using Orleans.Concurrency;
using OrleansInference.Grains.Models.Residency;

namespace OrleansInference.Grains.Models;

/// <summary>The models of this silo.</summary>
[StatelessWorker(1), Reentrant, GrainType("model-repository")]
internal sealed class ModelRepositoryGrain(ModelCatalog models, ModelEntries entries, ModelIndex index, ModelStartup startup) : Grain, IModelRepositoryGrain
{
    // It reads folders.
    public Task<IReadOnlyList<ModelIndexEntry>> ListAsync() => Task.Run(index.List);

    public Task<IReadOnlyList<ModelStatistics>> GetStatisticsAsync(string? model, string? version)
    {
        var asked = model is null ? entries.All.OrderBy(entry => entry.Name, StringComparer.Ordinal).AsEnumerable() : Enumerable.Repeat(models.Find(model), 1);
        return Task.FromResult<IReadOnlyList<ModelStatistics>>([.. asked.Select(entry => entry.Current).OfType<ServedModel>().SelectMany(served => Statistics(served, version))]);
    }

    public Task<bool> IsReadyAsync() => Task.FromResult(startup.IsReady);

    private static IEnumerable<ModelStatistics> Statistics(ServedModel model, string? version) => version is null
        ? model.Versions.OrderBy(each => each.Key).Select(each => each.Value.Served.Statistics)
        : [model.Version(version).Served.Statistics];
}
