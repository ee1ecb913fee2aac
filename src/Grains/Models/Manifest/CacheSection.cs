namespace OrleansInference.Grains.Models.Manifest;

/// <summary>Whether and how a model's answers are remembered. Without the section they are not.</summary>
public sealed record CacheSection
{
    /// <summary>Most answers kept on a silo; beyond it the least recently used leaves. Default: 10,000. 1 to 10,000,000.</summary>
    public int? MaxEntries { get; init; }

    /// <summary>How long an answer may be given again. Default: 1 min. More than zero.</summary>
    public TimeSpan? Ttl { get; init; }
}
