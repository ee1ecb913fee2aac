using System.Collections.Concurrent;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Grains.Models.Scheduling;

namespace OrleansInference.Grains.Models.Residency;

/// <summary>Every model that this silo knows, and the states that finish what they have begun.</summary>
internal sealed class ModelEntries(InferenceSchedulers schedulers, InferenceInstruments instruments)
{
    private readonly ConcurrentDictionary<string, ModelEntry> _entries = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<long, ServedModel> _draining = new();

    public IEnumerable<ModelEntry> All => _entries.Values;

    public IEnumerable<ServedModel> Draining => _draining.Values;

    public ModelEntry? Find(string name) => _entries.GetValueOrDefault(name) is { IsRemoved: false } entry ? entry : null;

    public ModelEntry GetOrAdd(string name) => _entries.GetOrAdd(name, static (name, schedulers) => new ModelEntry(name, schedulers.Create()), schedulers);

    /// <summary>Forgets a model whose folder is gone.</summary>
    public void Remove(ModelEntry entry)
    {
        entry.IsRemoved = true;
        _entries.TryRemove(KeyValuePair.Create(entry.Name, entry));
    }

    /// <summary>Holds one certain state of a model, also while it drains; null when it is gone.</summary>
    public ServedModel? TryHold(string name, long generation)
    {
        var model = _entries.GetValueOrDefault(name)?.Current;
        if (model?.Generation != generation && !_draining.TryGetValue(generation, out model)) return null;
        return model!.Name == name && model.TryHold() ? model : null;
    }

    /// <summary>Serves the next state of a model, or none; completes when the memory of what left it is free.</summary>
    public Task SwapAsync(ModelEntry entry, ServedModel? next)
    {
        foreach (var version in next?.Versions.Values ?? [])
        {
            if (!version.Served.TryAcquire()) throw new InvalidOperationException($"{entry.Name}/{version.Served.Version} was retired before it served");
        }

        // Among the draining before it leaves its place, so that whoever looks for it finds it in one of the two.
        var old = entry.Current;
        if (old is not null) _draining[old.Generation] = old;
        next?.Rollout?.Enter();
        entry.Exchange(next);
        old?.Rollout?.Leave(next?.Rollout);
        instruments.OnModelsLoaded(_entries.Values.Count(each => each.Current is not null));
        return old is null ? Task.CompletedTask : DrainAsync(old, next);
    }

    private async Task DrainAsync(ServedModel old, ServedModel? next)
    {
        var left = old.Versions.Where(version => next?.Versions.GetValueOrDefault(version.Key)?.Served != version.Value.Served).Select(version => version.Value.Served);
        var freed = Task.WhenAll(left.Select(version => version.RetireAsync()).ToArray());
        old.Release();
        await old.Drained.ConfigureAwait(false);
        foreach (var version in old.Versions.Values) version.Served.Release();
        _draining.TryRemove(old.Generation, out _);
        await freed.ConfigureAwait(false);
    }
}
