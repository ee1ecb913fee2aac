namespace OrleansInference.Grains.Models.Control;

/// <summary>What the cluster has agreed on for one model, beyond its manifest.</summary>
[GenerateSerializer, Immutable, Alias("inference.model-control-state")]
public sealed record ModelControlState
{
    /// <summary>The number of the last change; 0 where there was none.</summary>
    [Id(0)]
    public long Epoch { get; init; }

    /// <summary>Whether the model is not to be served until it is loaded through the API.</summary>
    [Id(1)]
    public bool Unloaded { get; init; }

    /// <summary>Canaries that were found wanting. They see no user until the model is loaded through the API.</summary>
    [Id(2)]
    public IReadOnlyList<ModelDemotion> Demotions { get; init; } = [];

    /// <summary>The canary's share in place of the manifest's; null for the manifest's.</summary>
    [Id(3)]
    public double? CanaryPercent { get; init; }

    /// <summary>Whether a version was demoted.</summary>
    public bool IsDemoted(int version) => Demotions.Any(demotion => demotion.Version == version);
}

/// <summary>A canary that was found wanting.</summary>
[GenerateSerializer, Immutable, Alias("inference.model-demotion")]
public sealed record ModelDemotion(
    [property: Id(0)] int Version,
    [property: Id(1)] DateTimeOffset At,
    [property: Id(2)] string Reason);
