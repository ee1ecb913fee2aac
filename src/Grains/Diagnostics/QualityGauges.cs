using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace OrleansInference.Grains.Diagnostics;

/// <summary>The last measured quality of each version.</summary>
internal sealed class QualityGauges
{
    private readonly ConcurrentDictionary<string, IReadOnlyList<ModelQuality>> _measured = new();

    public QualityGauges(Meter meter)
    {
        Create(meter, "inference.quality.labelled", "{prediction}", "Predictions with a label that were measured.", quality => quality.Labelled);
        Create(meter, "inference.quality.auc", "1", "Area under the ROC curve by the labels that came.", quality => quality.Binary?.Auc);
        Create(meter, "inference.quality.precision", "1", "Share of the predictions of 0.5 and more that turned out true.", quality => quality.Binary?.Precision);
        Create(meter, "inference.quality.calibration_error", "1", "Mean distance of predictions from the rate observed.", quality => quality.Binary?.CalibrationError);
    }

    public void Set(string model, IReadOnlyList<ModelQuality> versions) => _measured[model] = versions;

    private void Create(Meter meter, string name, string unit, string description, Func<ModelQuality, double?> read) =>
        meter.CreateObservableGauge(name, () => _measured.Values.SelectMany(versions => versions).Where(version => read(version) is not null).Select(version =>
            new Measurement<double>(read(version)!.Value, new("model.name", version.Model), new("model.version", version.Version))), unit, description);
}
