namespace OrleansInference;

/// <summary>Which predictions to export.</summary>
[GenerateSerializer, Immutable, Alias("inference.export-query")]
public sealed record ExportQuery
{
    /// <summary>The model.</summary>
    [Id(0)]
    public required string Model { get; init; }

    /// <summary>Predictions recorded at or after this; null for all.</summary>
    [Id(1)]
    public DateTimeOffset? From { get; init; }

    /// <summary>Predictions recorded before this; null for all until now.</summary>
    [Id(2)]
    public DateTimeOffset? To { get; init; }
}

/// <summary>A feature that exported predictions may have.</summary>
/// <param name="Name">Its source and name, such as <c>spending.mean_1d</c>.</param>
/// <param name="IsText">Whether it holds text in any prediction; numbers otherwise.</param>
[GenerateSerializer, Immutable, Alias("inference.export-feature")]
public sealed record ExportFeature([property: Id(0)] string Name, [property: Id(1)] bool IsText);

/// <summary>The features that are text in a part of an export.</summary>
/// <param name="Names">Their names.</param>
/// <param name="Next">Where to go on; null at the end.</param>
[GenerateSerializer, Immutable, Alias("inference.export-text")]
public sealed record ExportText([property: Id(0)] IReadOnlyList<string> Names, [property: Id(1)] LogCursor? Next);

/// <summary>A part of an export.</summary>
/// <param name="Predictions">Predictions by the time of their record, without outputs and with their latest outcome only.</param>
/// <param name="Next">Where to go on; null at the end.</param>
[GenerateSerializer, Immutable, Alias("inference.export-page")]
public sealed record ExportPage([property: Id(0)] IReadOnlyList<RecordedPrediction> Predictions, [property: Id(1)] LogCursor? Next);

/// <summary>A place in the log by time.</summary>
/// <param name="CreatedAt">When the record there was made.</param>
/// <param name="Id">That record.</param>
[GenerateSerializer, Immutable, Alias("inference.log-cursor")]
public sealed record LogCursor([property: Id(0)] DateTimeOffset CreatedAt, [property: Id(1)] Guid Id);
