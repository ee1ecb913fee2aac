namespace OrleansInference;

/// <summary>Why a version answered.</summary>
public enum ModelVariant : byte
{
    /// <summary>The model's default version.</summary>
    Default = 0,

    /// <summary>The version that a share of the users sees.</summary>
    Canary = 1,

    /// <summary>The version that the caller asked for, by number or label.</summary>
    Pinned = 2,
}
