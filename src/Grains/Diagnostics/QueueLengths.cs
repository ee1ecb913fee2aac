using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace OrleansInference.Grains.Diagnostics;

/// <summary>The queues whose length is read whenever somebody collects the metrics.</summary>
internal sealed class QueueLengths
{
    private readonly ConcurrentDictionary<Queue, byte> _queues = new();

    public IEnumerable<Measurement<int>> Measure() => _queues.Keys.Select(queue => queue.Measure());

    /// <summary>Adds a queue until the answer is disposed.</summary>
    public IDisposable Add(string model, int version, Func<int> waitingRows)
    {
        var queue = new Queue(this, model, version, waitingRows);
        _queues.TryAdd(queue, 0);
        return queue;
    }

    private sealed class Queue(QueueLengths owner, string model, int version, Func<int> waitingRows) : IDisposable
    {
        public Measurement<int> Measure() => new(waitingRows(), new("model.name", model), new("model.version", version));

        public void Dispose() => owner._queues.TryRemove(this, out _);
    }
}
