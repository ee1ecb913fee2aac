using System.Collections.Frozen;
using OrleansInference.Grains.Features.Transforms;

namespace OrleansInference.Grains.Features;

/// <summary>Every configured source by name. One word means one source, whatever its kind.</summary>
public sealed class FeatureSources
{
    private readonly FrozenDictionary<string, IFeatureSource> _sources;
    private readonly FrozenDictionary<string, IFeatureTransform> _transforms;

    public FeatureSources(IEnumerable<IFeatureSource> sources, IEnumerable<IFeatureTransform>? transforms = null)
    {
        var byName = new Dictionary<string, IFeatureSource>();
        foreach (var source in sources)
        {
            if (source.Name is "request" || !byName.TryAdd(source.Name, source)) throw Twice(source.Name);
        }

        var transformsByName = new Dictionary<string, IFeatureTransform>();
        foreach (var transform in transforms ?? [])
        {
            if (transform.Name is "request" || byName.ContainsKey(transform.Name) || !transformsByName.TryAdd(transform.Name, transform)) throw Twice(transform.Name);
        }

        _sources = byName.ToFrozenDictionary();
        _transforms = transformsByName.ToFrozenDictionary();
    }

    /// <summary>The names of the transforms, for messages.</summary>
    public IEnumerable<string> TransformNames => _transforms.Keys.Order();

    public IFeatureSource? Find(string name) => _sources.GetValueOrDefault(name);

    public IFeatureTransform? FindTransform(string name) => _transforms.GetValueOrDefault(name);

    /// <summary>All sources of one kind.</summary>
    public IEnumerable<TSource> Of<TSource>() => _sources.Values.OfType<TSource>();

    /// <summary>The names of some of the sources, for messages.</summary>
    public IEnumerable<string> NamesOf(Func<IFeatureSource, bool> some) => _sources.Values.Where(some).Select(source => source.Name).Order();

    private static InferenceStartupException Twice(string name) =>
        new($"Two feature sources are called '{name}' (views, external services, lookups and transforms share their names with 'request' and 'calendar'). Rename one.");
}
