namespace OrleansInference.Grains.Models.Scheduling;

/// <summary>One model's queue in front of the shared <see cref="InferenceThreads"/>, as a <see cref="TaskScheduler"/>.</summary>
/// <remarks>
/// Thin by intention: the threads own the order and the lock. A task is run inline only on an inference thread, so that no
/// waiter, grain or pool thread ever computes a model by accident.
/// </remarks>
public sealed class InferenceTaskScheduler(InferenceThreads threads, int maxThreads) : TaskScheduler
{
    /// <summary>Most threads that this model may hold at once.</summary>
    public int MaxThreads { get; } = Math.Clamp(maxThreads, 1, threads.Count);

    /// <summary>The threads that it shares with the other models.</summary>
    public InferenceThreads Threads => threads;

    public override int MaximumConcurrencyLevel => MaxThreads;

    // Guarded by the threads' lock. A list, since cancelled work leaves from the middle; what expires is mostly at the front.
    internal LinkedList<Task> Waiting { get; } = new();

    internal int Running { get; set; }

    internal bool IsReady { get; set; }

    internal void Execute(Task task) => TryExecuteTask(task);

    protected override void QueueTask(Task task) => threads.Add(this, task);

    // Without this, the awaiter of a cancelled task would wait until a thread came to it.
    protected override bool TryDequeue(Task task) => threads.Remove(this, task);

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && threads.OwnCurrentThread && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks() => threads.Snapshot(this);
}
