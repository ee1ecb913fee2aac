namespace OrleansInference;

/// <summary>One version of a model in the repository, as a silo holds it.</summary>
/// <param name="Name">The model.</param>
/// <param name="Version">The version; null for a model that has none in memory or on disk.</param>
/// <param name="State">Whether it serves.</param>
/// <param name="Reason">Why it does not; empty when it does.</param>
[GenerateSerializer, Immutable, Alias("inference.model-index-entry")]
public sealed record ModelIndexEntry(
    [property: Id(0)] string Name,
    [property: Id(1)] int? Version,
    [property: Id(2)] ModelState State,
    [property: Id(3)] string Reason);

/// <summary>Where a version is in its life.</summary>
public enum ModelState : byte
{
    /// <summary>Not in memory: the reason says why, such as unloaded, not asked for yet, or a failed load.</summary>
    Unavailable = 0,

    /// <summary>Being read or warmed up.</summary>
    Loading = 1,

    /// <summary>Serves.</summary>
    Ready = 2,

    /// <summary>Finishes what it has begun, then leaves memory.</summary>
    Unloading = 3,
}
