namespace FraudDemo;

/// <summary>The last thousand deliveries. Any thread may add and read.</summary>
public sealed class ReceivedWebhooks
{
    /// <summary>Deliveries kept; older ones are forgotten.</summary>
    public const int Capacity = 1_000;

    private readonly Lock _lock = new();

    /// <summary>Guarded by the lock; oldest first.</summary>
    private readonly Queue<ReceivedWebhook> _webhooks = new();

    /// <summary>Deliveries since the start, forgotten ones included.</summary>
    public long Total { get; private set; }

    /// <summary>Keeps a delivery.</summary>
    public void Add(ReceivedWebhook webhook)
    {
        lock (_lock)
        {
            Total++;
            _webhooks.Enqueue(webhook);
            if (_webhooks.Count > Capacity) _webhooks.Dequeue();
        }
    }

    /// <summary>The deliveries to a target and about a prediction, newest first; null stands for all.</summary>
    public IReadOnlyList<ReceivedWebhook> Find(string? target = null, string? predictionId = null)
        => [.. Snapshot().Reverse()
            .Where(webhook => target is null || webhook.Target == target)
            .Where(webhook => predictionId is null || webhook.PredictionId == predictionId)];

    private ReceivedWebhook[] Snapshot()
    {
        lock (_lock) return [.. _webhooks];
    }
}
