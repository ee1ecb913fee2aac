using System.Collections.Frozen;

namespace OrleansInference.Grains.Features;

/// <summary>Every configured source by name. One word means one source, whatever its kind.</summary>
public sealed class FeatureSources
{
    private readonly FrozenDictionary<string, IFeatureSource> _sources;

    public FeatureSources(IEnumerable<IFeatureSource> sources)
    {
        var byName = new Dictionary<string, IFeatureSource>();
        foreach (var source in sources)
        {
            if (source.Name is "request" || !byName.TryAdd(source.Name, source))
                throw new InferenceStartupException($"Two feature sources are called '{source.Name}' (views, external services, lookups and transforms share their names with 'request' and 'calendar'). Rename one.");
        }

        _sources = byName.ToFrozenDictionary();
    }

    public IFeatureSource? Find(string name) => _sources.GetValueOrDefault(name);

    /// <summary>The sources of one kind.</summary>
    public IEnumerable<TSource> OfKind<TSource>() => _sources.Values.OfType<TSource>();

    /// <summary>The names of one kind of source, for messages.</summary>
    public IEnumerable<string> NamesOf<TSource>() => _sources.Values.OfType<TSource>().Select(source => ((IFeatureSource)source!).Name).Order();
}
