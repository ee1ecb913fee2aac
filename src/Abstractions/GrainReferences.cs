using System.Collections.Concurrent;
using Orleans.Runtime;

namespace OrleansInference;

/// <summary>References to the grains of one interface, by key.</summary>
/// <remarks>
/// <see cref="IGrainFactory"/> finds out anew in each call, by reflection, which interface and grain type a .NET interface stands for:
/// 8 % of the CPU of a prediction, which asks twice (docs/benchmarks.md). Here the first reference tells it for all others.
/// </remarks>
internal sealed class GrainReferences<TGrain>(IGrainFactory grains)
    where TGrain : IGrainWithStringKey
{
    private readonly ConcurrentDictionary<string, TGrain> _kept = new(StringComparer.Ordinal);
    private GrainReference? _first;

    /// <summary>One of a few that are asked for again and again, and are kept.</summary>
    public TGrain GetKept(string key) => _kept.GetOrAdd(key, static (key, references) => references.Get(key), this);

    public TGrain Get(string key)
    {
        if (_first is { } first) return (TGrain)grains.GetGrain(GrainId.Create(first.GrainId.Type, key), first.InterfaceType);

        var grain = grains.GetGrain<TGrain>(key);
        _first = grain as GrainReference;
        return grain;
    }
}
