namespace OrleansInference;

/// <summary>New values of one user's features, from whoever knows them before the database does.</summary>
[GenerateSerializer, Immutable, Alias("inference.feature-push")]
public sealed record FeaturePush
{
    /// <summary>When the values came to be: ISO 8601 or Unix seconds, at most 5 minutes ahead. Default: the arrival.</summary>
    [Id(0)]
    public RequestValue EventTime { get; init; }

    /// <summary>The values by feature; those that are left out keep theirs. Null stands for the feature's default.</summary>
    [Id(1)]
    public required IReadOnlyList<RequestField> Values { get; init; }
}

/// <summary>What became of a push.</summary>
/// <param name="Applied">Whether the values were taken; not where something later is known.</param>
/// <param name="EventTime">The latest event time that is known now.</param>
[GenerateSerializer, Immutable, Alias("inference.feature-push-result")]
public sealed record FeaturePushResult([property: Id(0)] bool Applied, [property: Id(1)] DateTimeOffset EventTime);
