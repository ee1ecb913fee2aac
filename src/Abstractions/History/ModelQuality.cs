namespace OrleansInference;

/// <summary>How a version's predictions compare with what they turned out to be, by the latest label of each.</summary>
[GenerateSerializer, Immutable, Alias("inference.model-quality")]
public sealed record ModelQuality
{
    /// <summary>The model.</summary>
    [Id(0)]
    public required string Model { get; init; }

    /// <summary>The version.</summary>
    [Id(1)]
    public required int Version { get; init; }

    /// <summary>Predictions with a label that were counted.</summary>
    [Id(2)]
    public required int Labelled { get; init; }

    /// <summary>Mean of |prediction - label|.</summary>
    [Id(3)]
    public required double MeanAbsoluteError { get; init; }

    /// <summary>Root of the mean of (prediction - label)^2.</summary>
    [Id(4)]
    public required double RootMeanSquaredError { get; init; }

    /// <summary>What holds for labels of true and false; null where a label is another number.</summary>
    [Id(5)]
    public BinaryQuality? Binary { get; init; }
}

/// <summary>The quality of predictions of true and false.</summary>
[GenerateSerializer, Immutable, Alias("inference.binary-quality")]
public sealed record BinaryQuality
{
    /// <summary>Labels that are true.</summary>
    [Id(0)]
    public required int Positives { get; init; }

    /// <summary>The chance that a true one is predicted higher than a false one, ties counting half. Null where all labels are the same.</summary>
    [Id(1)]
    public required double? Auc { get; init; }

    /// <summary>Precision averaged over the ranks of the true ones. Null where none is true.</summary>
    [Id(2)]
    public required double? AveragePrecision { get; init; }

    /// <summary>At or above this a prediction counts as true.</summary>
    [Id(3)]
    public required double Threshold { get; init; }

    /// <summary>Share of the predictions at or above the threshold that are true. Null where there are none.</summary>
    [Id(4)]
    public required double? Precision { get; init; }

    /// <summary>Share of the true ones that are predicted at or above the threshold. Null where none is true.</summary>
    [Id(5)]
    public required double? Recall { get; init; }

    /// <summary>Mean of |mean prediction - share of true ones| over the bins, by their counts.</summary>
    [Id(6)]
    public required double CalibrationError { get; init; }

    /// <summary>Ten bins of predictions from 0 to 1; those beyond are in the first and last.</summary>
    [Id(7)]
    public required IReadOnlyList<CalibrationBin> Calibration { get; init; }
}

/// <summary>Predictions of about the same height.</summary>
/// <param name="From">Its lower end, included.</param>
/// <param name="To">Its upper end; included in the last bin.</param>
/// <param name="Count">Predictions in it.</param>
/// <param name="MeanPrediction">Their mean; 0 for none.</param>
/// <param name="ObservedRate">The share of them that are true; 0 for none.</param>
[GenerateSerializer, Immutable, Alias("inference.calibration-bin")]
public sealed record CalibrationBin(
    [property: Id(0)] double From,
    [property: Id(1)] double To,
    [property: Id(2)] int Count,
    [property: Id(3)] double MeanPrediction,
    [property: Id(4)] double ObservedRate);
