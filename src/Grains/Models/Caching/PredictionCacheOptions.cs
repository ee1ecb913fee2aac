using OrleansInference.Grains.Models.Manifest;

namespace OrleansInference.Grains.Models.Caching;

/// <summary>What a model's prediction cache keeps: the manifest's <c>cache</c>, defaults filled in.</summary>
public sealed record PredictionCacheOptions
{
    private const int MostEntries = 10_000_000;

    /// <summary>Most answers kept; beyond it the least recently used leaves. Default: 10,000.</summary>
    public int MaxEntries { get; init; } = 10_000;

    /// <summary>How long an answer may be given again. Default: 1 min.</summary>
    public TimeSpan Ttl { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The section with its defaults; what is out of range is noted.</summary>
    internal static PredictionCacheOptions From(CacheSection section, ManifestFaults faults)
    {
        var options = new PredictionCacheOptions();
        options = new PredictionCacheOptions { MaxEntries = section.MaxEntries ?? options.MaxEntries, Ttl = section.Ttl ?? options.Ttl };
        if (options.MaxEntries is < 1 or > MostEntries) faults.Add("cache.maxEntries", $"{options.MaxEntries} is not in 1 to {MostEntries}. Correct it, or remove it for 10000.");
        if (options.Ttl <= TimeSpan.Zero) faults.Add("cache.ttl", $"{options.Ttl} is not more than zero. Correct it, or remove it for 00:01:00.");
        return options;
    }
}
