using System.Diagnostics.Metrics;

namespace IntegrationTests.Infrastructure;

/// <summary>What an observable gauge of the program inside this process says of one model.</summary>
internal sealed class ObservedGauges : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly string _model;
    private double? _last;

    public ObservedGauges(string instrument, string model)
    {
        _model = model;
        _listener.InstrumentPublished = (published, listener) =>
        {
            if (published.Meter.Name == "OrleansInference" && published.Name == instrument) listener.EnableMeasurementEvents(published);
        };
        _listener.SetMeasurementEventCallback<double>((_, value, tags, _) => Take(value, tags));
        _listener.Start();
    }

    /// <summary>Asks the gauge; null where it says nothing of the model.</summary>
    public double? Last
    {
        get
        {
            _listener.RecordObservableInstruments();
            return _last;
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Take(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var (key, tag) in tags)
        {
            if (key == "model.name" && tag?.ToString() == _model) _last = value;
        }
    }
}
