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

    /// <summary>Which version each model that predicts shows this user now.</summary>
    [Id(3)]
    public IReadOnlyList<UserVariant> Variants { get; init; } = [];

    /// <summary>The user's last recorded predictions, the latest first; at most 10.</summary>
    [Id(4)]
    public IReadOnlyList<RecordedPrediction> LastPredictions { get; init; } = [];
}

/// <summary>The version of a model that a user sees.</summary>
/// <param name="Model">The model.</param>
/// <param name="Version">The version that answers this user's next prediction.</param>
/// <param name="Variant">Why.</param>
[GenerateSerializer, Immutable, Alias("inference.user-variant")]
public sealed record UserVariant(
    [property: Id(0)] string Model,
    [property: Id(1)] int Version,
    [property: Id(2)] ModelVariant Variant);

/// <summary>One feature view of one user, as cached.</summary>
/// <param name="View">The view's name in the configuration.</param>
/// <param name="Age">Time since the oldest of the values was read from the database or pushed.</param>
/// <param name="Fresh">Whether a prediction would use them as they are: the view's TTL holds, and nobody has said that they changed.</param>
/// <param name="Values">The values by column: numbers or text; null for a missing value.</param>
/// <param name="Status"><c>fresh</c>; <c>stale</c>: a prediction has them read again, or says that they are old; <c>default</c>: fresh knowledge that the user has no row.</param>
/// <param name="EventTime">The latest event time that was pushed or read; null where none is known.</param>
[GenerateSerializer, Immutable, Alias("inference.cached-features")]
public sealed record CachedFeatures(
    [property: Id(0)] string View,
    [property: Id(1)] TimeSpan Age,
    [property: Id(2)] bool Fresh,
    [property: Id(3)] IReadOnlyList<KeyValuePair<string, object?>> Values,
    [property: Id(4)] string Status = "fresh",
    [property: Id(5)] DateTimeOffset? EventTime = null);
