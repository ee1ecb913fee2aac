using System.Diagnostics.Metrics;

namespace IntegrationTests.Infrastructure;

/// <summary>What the program inside this process records in its meter about one model.</summary>
internal sealed class MeterRecord : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly MeterListener _listener = new();
    private readonly Lock _lock = new();
    private readonly List<(string Instrument, double Value, string? Outcome)> _measurements = [];
    private readonly string _model;
    private TaskCompletionSource _added = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public MeterRecord(string model)
    {
        _model = model;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "OrleansInference") listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>What an instrument recorded, with this outcome where one is given.</summary>
    public double[] Values(string instrument, string? outcome = null)
    {
        lock (_lock) return [.. _measurements.Where(one => one.Instrument == instrument && (outcome is null || one.Outcome == outcome)).Select(one => one.Value)];
    }

    /// <summary>Waits until an instrument has recorded that often, with this outcome where one is given.</summary>
    public async Task WaitAsync(string instrument, string? outcome, int count)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            Task added;
            lock (_lock) added = _added.Task;
            if (Values(instrument, outcome).Length is var recorded && recorded >= count) return;
            try
            {
                await added.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"{instrument} ({outcome}) of {_model} recorded {recorded} of {count} within {Patience}.");
            }
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string? model = null, outcome = null;
        foreach (var (key, tag) in tags)
        {
            if (key == "model.name") model = tag?.ToString();
            if (key == "outcome") outcome = tag?.ToString();
        }

        if (model != _model) return;
        TaskCompletionSource added;
        lock (_lock)
        {
            _measurements.Add((instrument.Name, value, outcome));
            (added, _added) = (_added, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        added.SetResult();
    }
}
