namespace OrleansInference.Grains.Features;

/// <summary>The types that <c>predict.request</c> can ask for.</summary>
public enum DeclaredFieldType : byte
{
    Text,
    Number,
    Boolean,
    Timestamp,
}

/// <summary>One declared field of a model's request.</summary>
public sealed record DeclaredField
{
    /// <summary>Longest string that a field takes, in UTF-16 units: it goes into URLs and into the log.</summary>
    public const int MaxTextLength = 1024;

    public required string Name { get; init; }

    public string? Alias { get; init; }

    public required DeclaredFieldType Type { get; init; }

    public bool Required { get; init; }

    public double? Minimum { get; init; }

    public double? Maximum { get; init; }

    /// <summary>How far ahead of this machine's clock a timestamp may be. Default: 5 minutes.</summary>
    public TimeSpan MaxFuture { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The literal default; missing where there is none.</summary>
    public FeatureValue Default { get; init; } = FeatureValue.Missing;

    /// <summary>Whether a timestamp that was not sent is the time of arrival.</summary>
    public bool DefaultsToNow { get; init; }

    /// <summary>The feature that stands in when the field was not sent; <see cref="Default"/> when that is missing too.</summary>
    public string? DefaultFeature { get; init; }

    /// <summary>The name that callers use.</summary>
    public string PublicName => Alias ?? Name;

    internal IEnumerable<string> Names => Alias is null ? [Name] : [Name, Alias];

    internal string Missing => Alias is null ? $"is required ({TypeName})" : $"is required ({TypeName}; {Name} is taken too)";

    private string TypeName => Type is DeclaredFieldType.Text ? "a string" : $"a {Type.ToString().ToLowerInvariant()}";

    internal FeatureValue DefaultValue(DateTimeOffset now)
    {
        if (DefaultsToNow) return FeatureValue.Of(RequestContract.ToSeconds(now)).AsDefault();
        return DefaultFeature is null ? Default : FeatureValue.Missing;
    }
}
