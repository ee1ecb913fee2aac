namespace OrleansInference;

/// <summary>A question about one user to one model.</summary>
[GenerateSerializer, Immutable, Alias("inference.prediction-request")]
public sealed record PredictionRequest
{
    /// <summary>The prediction's identity, so that a retry is recognised. Default: empty, and the client mints a UUIDv7 before the first attempt.</summary>
    [Id(0)]
    public Guid PredictionId { get; init; }

    /// <summary>The user: 1 to 128 UTF-16 units. An integer user id is its decimal text.</summary>
    [Id(1)]
    public required string UserId { get; init; }

    /// <summary>The model; null asks the default model (<c>Inference:DefaultModel</c>).</summary>
    [Id(2)]
    public string? Model { get; init; }

    /// <summary>The fields that the model's manifest declares under <c>predict.request</c>.</summary>
    [Id(3)]
    public IReadOnlyList<RequestField> Fields { get; init; } = [];

    /// <summary>Names what the caller wants done once: a repeat with the same key, user and model has the first one's answer. 1 to 255 characters; null for none.</summary>
    [Id(4)]
    public string? IdempotencyKey { get; init; }

    /// <summary>Whether the log may have this prediction already. The client sets it for ids that it did not mint and for further attempts.</summary>
    [Id(5)]
    public bool MayBeRecorded { get; init; }

    /// <summary>Whether this is a mere question: nothing is recorded, no message is owed, and the user's windows stay as they are. Default: false.</summary>
    [Id(6)]
    public bool Unrecorded { get; init; }

    /// <summary>Features with the values that they are to have in this one prediction, such as <c>spending.mean_1d</c>; nothing of them is kept for later ones.</summary>
    [Id(7)]
    public IReadOnlyList<RequestField> Overrides { get; init; } = [];

    /// <summary>The age from which a cached feature is read again before it is used; null where the views' own settings are enough.</summary>
    [Id(8)]
    public TimeSpan? MaxAge { get; init; }

    /// <summary>The caller's time for the answer, from now on; null for none. The model's own deadline holds besides.</summary>
    [Id(9)]
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether the answer is to say what it was made from. Default: false.</summary>
    [Id(10)]
    public bool Details { get; init; }
}
