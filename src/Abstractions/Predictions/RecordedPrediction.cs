namespace OrleansInference;

/// <summary>A prediction as the log has it: the answer, and everything that it was made from.</summary>
[GenerateSerializer, Immutable, Alias("inference.recorded-prediction")]
public sealed record RecordedPrediction
{
    /// <summary>The prediction's identity.</summary>
    [Id(0)]
    public required Guid PredictionId { get; init; }

    /// <summary>The user, as the caller named them.</summary>
    [Id(1)]
    public required string UserId { get; init; }

    /// <summary>The model that answered.</summary>
    [Id(2)]
    public required string Model { get; init; }

    /// <summary>The version that answered.</summary>
    [Id(3)]
    public required int ModelVersion { get; init; }

    /// <summary>When it was recorded.</summary>
    [Id(4)]
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The answer's number.</summary>
    [Id(5)]
    public required double Value { get; init; }

    /// <summary>The answer's text.</summary>
    [Id(6)]
    public required string Info { get; init; }

    /// <summary>Whether a source of features failed and default values stood in for it.</summary>
    [Id(7)]
    public required bool Degraded { get; init; }

    /// <summary>The request's fields and the features of every source, in the model's order.</summary>
    [Id(8)]
    public required IReadOnlyList<UsedFeature> Features { get; init; }

    /// <summary>Its number among the user's predictions.</summary>
    [Id(9)]
    public long Sequence { get; init; }

    /// <summary>Why that version answered.</summary>
    [Id(10)]
    public ModelVariant Variant { get; init; }

    /// <summary>The caller's idempotency key; null where none was sent, and when its time is over.</summary>
    [Id(11)]
    public string? IdempotencyKey { get; init; }

    /// <summary>The instant asked about, and the time that each stage took; null in records of older programs.</summary>
    [Id(12)]
    public RecordedTimes? Times { get; init; }

    /// <summary>All outputs of the model; null where they were too large to keep, and in records of older programs.</summary>
    [Id(13)]
    public IReadOnlyList<Tensor>? Outputs { get; init; }

    /// <summary>Its labels, the first one first; the last one counts. Empty where none came, and in a user's last predictions.</summary>
    [Id(14)]
    public IReadOnlyList<RecordedOutcome> Outcomes { get; init; } = [];
}

/// <summary>When a prediction happened.</summary>
/// <param name="At">The instant asked about: the request's timestamp field, else its arrival.</param>
/// <param name="Features">From the arrival in the user's grain until the features were there.</param>
/// <param name="Inference">The model's queue and run.</param>
/// <param name="Total">From the arrival until the record was handed to the log.</param>
[GenerateSerializer, Immutable, Alias("inference.recorded-times")]
public sealed record RecordedTimes(
    [property: Id(0)] DateTimeOffset At,
    [property: Id(1)] TimeSpan Features,
    [property: Id(2)] TimeSpan Inference,
    [property: Id(3)] TimeSpan Total);

/// <summary>A feature as a prediction used it.</summary>
/// <param name="Name">Its source and name, such as <c>spending.mean_1d</c>.</param>
/// <param name="Value">A number or a text; null for a missing value.</param>
/// <param name="Age">Time since the value was read from its source; zero for the request's own fields.</param>
/// <param name="Status">How far the value can be trusted: fresh, stale, default, overridden or approximate.</param>
[GenerateSerializer, Immutable, Alias("inference.used-feature")]
public sealed record UsedFeature(
    [property: Id(0)] string Name,
    [property: Id(1)] object? Value,
    [property: Id(2)] TimeSpan Age,
    [property: Id(3)] string Status)
{
    /// <summary>Where it came from: <c>request</c>, or the name of a view, an external service, a lookup or a transform.</summary>
    public string Source => Name.IndexOf('.') is > 0 and var dot ? Name[..dot] : Name;
}
