using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using OrleansInference.Grains.Diagnostics;

namespace UnitTests.Fakes;

/// <summary>Keeps what is measured from <see cref="Listen"/> on, by any instruments made after it began.</summary>
internal sealed class FakeMetrics : IDisposable
{
    private readonly ConcurrentQueue<(string Name, double Value, Dictionary<string, object?> Tags)> _measured = new();
    private readonly MeterListener _listener = new();

    public FakeMetrics()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == InferenceInstruments.MeterName) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
    }

    /// <summary>Only measurements of this model count: tests at the same time have meters of the same name.</summary>
    public string Model { get; init; } = "fraud";

    public void Listen() => _listener.Start();

    /// <summary>Reads the gauges.</summary>
    public void Collect() => _listener.RecordObservableInstruments();

    public double First(string name) => Of(name).First().Value;

    public double Last(string name) => Of(name).Last().Value;

    public IEnumerable<string?> Tags(string name, string tag) => Of(name).Select(measured => measured.Tags.GetValueOrDefault(tag) as string);

    public void Dispose() => _listener.Dispose();

    private IEnumerable<(string Name, double Value, Dictionary<string, object?> Tags)> Of(string name) =>
        _measured.Where(measured => measured.Name == name && (string?)measured.Tags.GetValueOrDefault("model.name") == Model);

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        _measured.Enqueue((instrument.Name, value, tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value)));
}
