using OrleansInference.Grains.Models.Control;

namespace OrleansInference.Grains.Models.Residency;

/// <summary>A model that this silo knows, whether in memory or not.</summary>
/// <remarks>
/// Threads: any thread reads and holds <see cref="Current"/>; everything else is changed by whoever has <see cref="Changing"/>.
/// </remarks>
internal sealed class ModelEntry(string name, TaskScheduler scheduler)
{
    private ServedModel? _current;
    private int _waiters;
    private long _lastUsed;

    public string Name => name;

    /// <summary>The model's queue in front of the inference threads, the same for every version.</summary>
    public TaskScheduler Scheduler => scheduler;

    /// <summary>One change at a time.</summary>
    public SemaphoreSlim Changing { get; } = new(1, 1);

    /// <summary>What serves; null where nothing does.</summary>
    public ServedModel? Current => Volatile.Read(ref _current);

    /// <summary>What was agreed on, as far as this silo knows.</summary>
    public ModelControlState Control { get; private set; } = new();

    /// <summary>Whether the silo has been told or has read what was agreed on.</summary>
    public bool KnowsControl { get; private set; }

    /// <summary>Whether a first load is under way or waits for its turn at the start.</summary>
    public bool IsLoading { get; set; }

    /// <summary>Whether the folder is gone.</summary>
    public bool IsRemoved { get; set; }

    /// <summary>Why the folder's present state does not serve; null when it does, or was not tried.</summary>
    public string? Fault { get; set; }

    /// <summary>The folder's state at the last attempt to load it.</summary>
    public string? TriedFingerprint { get; set; }

    /// <summary>The folder's state at the last look: what is still being copied has another one at the next.</summary>
    public string? SeenFingerprint { get; set; }

    /// <summary>The load that requests wait for.</summary>
    public Task? Loading { get; set; }

    /// <summary>When a request last held it, in the clock's ticks.</summary>
    public long LastUsed => Volatile.Read(ref _lastUsed);

    /// <summary>Whether a request waits for the model to come into memory: it is not evicted before it has answered.</summary>
    public bool HasWaiters => Volatile.Read(ref _waiters) > 0;

    public void Follow(ModelControlState control) => (Control, KnowsControl) = (control, true);

    public void AddWaiter() => Interlocked.Increment(ref _waiters);

    public void RemoveWaiter() => Interlocked.Decrement(ref _waiters);

    public void Touch(long now) => Volatile.Write(ref _lastUsed, now);

    /// <summary>Holds what serves; null where nothing does.</summary>
    public ServedModel? TryHold()
    {
        while (Current is { } model)
        {
            // Drained between the two lines: its successor, or nothing, is there by now.
            if (model.TryHold()) return model;
        }

        return null;
    }

    /// <summary>Puts another state, or none, in the place of the present one; the caller drains that.</summary>
    public ServedModel? Exchange(ServedModel? next) => Interlocked.Exchange(ref _current, next);
}
