namespace OrleansInference;

/// <summary>What a user's grain holds at this moment.</summary>
[GenerateSerializer, Immutable, Alias("inference.user-state")]
public sealed record UserState
{
    /// <summary>The user, as the caller named them.</summary>
    [Id(0)]
    public required string UserId { get; init; }

    /// <summary>How many predictions of this user were recorded. Null until the user's first prediction since activation.</summary>
    [Id(1)]
    public long? LastSequence { get; init; }

    /// <summary>The feature views in memory. Empty for a user nobody asked about.</summary>
    [Id(2)]
    public IReadOnlyList<CachedFeatures> Features { get; init; } = [];
}

/// <summary>One feature view of one user, as cached.</summary>
/// <param name="View">The view's name in the configuration.</param>
/// <param name="Age">Time since the values were read from the database.</param>
/// <param name="Fresh">Whether the view's TTL still holds.</param>
/// <param name="Values">The values by column: numbers or text; null for a missing value.</param>
[GenerateSerializer, Immutable, Alias("inference.cached-features")]
public sealed record CachedFeatures(
    [property: Id(0)] string View,
    [property: Id(1)] TimeSpan Age,
    [property: Id(2)] bool Fresh,
    [property: Id(3)] IReadOnlyList<KeyValuePair<string, object?>> Values);
