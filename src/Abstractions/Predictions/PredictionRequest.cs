namespace OrleansInference;

/// <summary>A question about one user to one model.</summary>
[GenerateSerializer, Immutable, Alias("inference.prediction-request")]
public sealed record PredictionRequest
{
    /// <summary>The prediction's identity, minted by the caller before the first attempt, so that a retry is recognised. Default: a new UUIDv7.</summary>
    [Id(0)]
    public Guid PredictionId { get; init; } = Guid.CreateVersion7();

    /// <summary>The user: 1 to 128 UTF-16 units. An integer user id is its decimal text.</summary>
    [Id(1)]
    public required string UserId { get; init; }

    /// <summary>The model; null asks the default model (<c>Inference:DefaultModel</c>).</summary>
    [Id(2)]
    public string? Model { get; init; }

    /// <summary>The fields that the model's manifest declares under <c>predict.request</c>.</summary>
    [Id(3)]
    public IReadOnlyList<RequestField> Fields { get; init; } = [];
}
