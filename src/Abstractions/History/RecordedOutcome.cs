namespace OrleansInference;

/// <summary>What a prediction turned out to be.</summary>
[GenerateSerializer, Immutable, Alias("inference.recorded-outcome")]
public sealed record RecordedOutcome
{
    /// <summary>The prediction.</summary>
    [Id(0)]
    public required Guid PredictionId { get; init; }

    /// <summary>The label: 1 for true and 0 for false, or the number that was to be predicted.</summary>
    [Id(1)]
    public required double Label { get; init; }

    /// <summary>1 for the first label, one more with each correction.</summary>
    [Id(2)]
    public required int Revision { get; init; }

    /// <summary>When the label came.</summary>
    [Id(3)]
    public required DateTimeOffset RecordedAt { get; init; }
}
