namespace OrleansInference.Grains.Models.Manifest;

/// <summary>Which versions serve. Default, canary, shadow and labelled versions always do, whatever the policy says.</summary>
public sealed record VersionsSection
{
    public const string All = "all";
    public const string Latest = "latest";
    public const string SpecificOnes = "specific";

    /// <summary><c>all</c>, <c>latest</c> or <c>specific</c>. Default: all.</summary>
    public string Policy { get; init; } = All;

    /// <summary>How many the policy <c>latest</c> serves. Default: 1.</summary>
    public int? NumVersions { get; init; }

    /// <summary>Those that the policy <c>specific</c> serves.</summary>
    public IReadOnlyList<int>? Specific { get; init; }

    /// <summary>The version that answers when the caller names none. Default: the highest that the policy serves, but for canary and shadow.</summary>
    public int? Default { get; init; }

    /// <summary>Names that callers may use instead of numbers.</summary>
    public IReadOnlyDictionary<string, int>? Labels { get; init; }

    public CanarySection? Canary { get; init; }

    public ShadowSection? Shadow { get; init; }

    /// <summary>The SHA-256 of versions' <c>model.onnx</c>, by version, in hexadecimal; another file is not loaded.</summary>
    public IReadOnlyDictionary<string, string>? Sha256 { get; init; }
}

/// <summary>A version that a share of the callers sees.</summary>
public sealed record CanarySection
{
    public required int Version { get; init; }

    /// <summary>The share in percent: 0 to 100, to two decimals.</summary>
    public required double Percent { get; init; }

    /// <summary>The share of failing requests, 0 to 1, above which it is demoted. Default: none.</summary>
    public double? MaxErrorRate { get; init; }

    /// <summary>How many times the default version's mean latency its own may be before it is demoted. Default: none.</summary>
    public double? MaxLatencyRatio { get; init; }

    /// <summary>Requests in the window before it is judged. Default: 100.</summary>
    public int MinRequests { get; init; } = 100;

    /// <summary>How far back requests count. Default: 5 minutes.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>A version that gets copies of what the default answered, and whose answers nobody sees.</summary>
public sealed record ShadowSection
{
    public required int Version { get; init; }
}
