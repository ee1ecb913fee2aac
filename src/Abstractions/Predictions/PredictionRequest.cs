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
}
