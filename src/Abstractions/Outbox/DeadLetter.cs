namespace OrleansInference;

/// <summary>An alert or workflow trigger that could not be delivered and is not tried any more.</summary>
[GenerateSerializer, Immutable, Alias("inference.dead-letter")]
public sealed record DeadLetter
{
    /// <summary>The message, which is also its key at the receiver: <c>{prediction id}-{kind}-{target}</c>.</summary>
    [Id(0)]
    public required string MessageId { get; init; }

    /// <summary>Its place in the outbox; a list goes on before it.</summary>
    [Id(1)]
    public required long Position { get; init; }

    /// <summary>The prediction that owed it.</summary>
    [Id(2)]
    public required Guid PredictionId { get; init; }

    /// <summary>The user, as the caller named them.</summary>
    [Id(3)]
    public required string UserId { get; init; }

    /// <summary><c>alert</c> or <c>workflow</c>.</summary>
    [Id(4)]
    public required string Kind { get; init; }

    /// <summary>The webhook, by its name in the configuration.</summary>
    [Id(5)]
    public required string Target { get; init; }

    /// <summary>How often its delivery was tried.</summary>
    [Id(6)]
    public required int Attempts { get; init; }

    /// <summary>When the prediction was recorded.</summary>
    [Id(7)]
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was given up.</summary>
    [Id(8)]
    public required DateTimeOffset DiedAt { get; init; }

    /// <summary>Why the last attempt failed.</summary>
    [Id(9)]
    public required string LastError { get; init; }
}
