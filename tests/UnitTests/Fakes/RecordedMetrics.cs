using System.Diagnostics.Metrics;
using OrleansInference.Grains.Diagnostics;

namespace UnitTests.Fakes;

/// <summary>Instruments of a meter of their own, and what they recorded.</summary>
internal sealed class RecordedMetrics : IDisposable, IMeterFactory
{
    private readonly MeterListener _listener = new();
    private readonly Lock _lock = new();
    private readonly List<string> _names = [];
    private readonly List<Measurement> _measurements = [];
    private readonly List<(Func<bool> IsMet, TaskCompletionSource Met)> _waits = [];
    private readonly Meter _meter = new(InferenceInstruments.MeterName);

    public RecordedMetrics()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter != _meter) return;
            _names.Add(instrument.Name);
            listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
        Instruments = new InferenceInstruments(this);
    }

    public InferenceInstruments Instruments { get; }

    /// <summary>The names of all instruments.</summary>
    public IReadOnlyList<string> Names => _names;

    public Meter Create(MeterOptions options) => _meter;

    /// <summary>What an instrument recorded, in order.</summary>
    public double[] Values(string instrument)
    {
        lock (_lock) return [.. _measurements.Where(one => one.Instrument == instrument).Select(one => one.Value)];
    }

    /// <summary>The values of a tag of an instrument, each once, in order.</summary>
    public string?[] Tags(string instrument, string tag)
    {
        lock (_lock) return [.. _measurements.Where(one => one.Instrument == instrument).Select(one => one.Tags.GetValueOrDefault(tag) as string).Distinct().Order()];
    }

    /// <summary>Reads the gauges.</summary>
    public void Collect() => _listener.RecordObservableInstruments();

    /// <summary>How often an instrument recorded something with that tag.</summary>
    public int Count(string instrument, string tag, string value)
    {
        lock (_lock) return CountNeedsLock(instrument, tag, value);
    }

    /// <summary>Completes when that has been recorded so often.</summary>
    public Task WaitAsync(string instrument, string tag, string value, int count)
    {
        var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (CountNeedsLock(instrument, tag, value) >= count) return Task.CompletedTask;
            _waits.Add((() => CountNeedsLock(instrument, tag, value) >= count, met));
        }

        return met.Task.WaitAsync(Gate.Patience);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _meter.Dispose();
    }

    private int CountNeedsLock(string instrument, string tag, string value) =>
        _measurements.Count(one => one.Instrument == instrument && one.Tags.GetValueOrDefault(tag)?.ToString() == value);

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var measurement = new Measurement(instrument.Name, value, tags.ToArray().ToDictionary());
        lock (_lock)
        {
            _measurements.Add(measurement);
            foreach (var (_, met) in _waits.Where(wait => wait.IsMet())) met.TrySetResult();
        }
    }

    private sealed record Measurement(string Instrument, double Value, Dictionary<string, object?> Tags);
}
