using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Grains.Diagnostics;

/// <summary>The outbox's gauges, by target, as they were counted last.</summary>
internal sealed class OutboxLevels
{
    private readonly ConcurrentDictionary<string, OutboxLevel> _levels = new();
    private TimeProvider _time = TimeProvider.System;

    public IEnumerable<Measurement<long>> MeasureWaiting() => Measure(level => level.Waiting);

    public IEnumerable<Measurement<long>> MeasureDead() => Measure(level => level.Dead);

    public IEnumerable<Measurement<double>> MeasureOldestAge() => Measure(level => level.OldestWaiting is { } oldest ? (_time.GetUtcNow() - oldest).TotalSeconds : 0);

    /// <summary>Shows those levels; a target that has none any more is shown empty.</summary>
    public void Set(IReadOnlyList<OutboxLevel> levels, TimeProvider time)
    {
        _time = time;
        foreach (var target in _levels.Keys) _levels[target] = new OutboxLevel(target, 0, 0, null);
        foreach (var level in levels) _levels[level.Target] = level;
    }

    private IEnumerable<Measurement<T>> Measure<T>(Func<OutboxLevel, T> value)
        where T : struct => _levels.Values.Select(level => new Measurement<T>(value(level), new KeyValuePair<string, object?>("target", level.Target)));
}
