using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models.Batching;

/// <summary>A request in the batcher: what it asks, and the promise of its answer.</summary>
/// <remarks>Whoever wins <see cref="TryEnd"/> completes it; the fields of the queue and of the parts are guarded by the batcher's lock.</remarks>
internal sealed class PendingInference(DynamicBatcher batcher, IReadOnlyList<Tensor> inputs, IReadOnlyList<int> outputs, int rows, InferencePriority priority, long enqueuedAt, long deadline)
    : TaskCompletionSource<InferenceResponse>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    private int _hasEnded;

    // Set before it is in the queue, where others find it.
    private CancellationTokenRegistration _leaving;
    private List<AnsweredPart>? _parts;
    private int _answeredRows;

    public IReadOnlyList<Tensor> Inputs => inputs;

    public IReadOnlyList<int> Outputs => outputs;

    public int Rows => rows;

    /// <summary>All of it, as it came.</summary>
    public BatchSlice Whole => new(inputs, outputs, 0, rows, IsWhole: true);

    public InferencePriority Priority => priority;

    public long EnqueuedAt => enqueuedAt;

    /// <summary>What it counts in the queue: its rows that no run has taken; a request without rows counts as one.</summary>
    public int WaitingRows => Math.Max(rows, 1) - TakenRows;

    public int TakenRows { get; set; }

    public PendingQueue? Queue { get; set; }

    public PendingInference? Next { get; set; }

    public PendingInference? Previous { get; set; }

    /// <summary>Whether it is run as it came because its parts had no meaning; what parts still answer is not wanted.</summary>
    public bool RunsWhole { get; private set; }

    /// <summary>The time that its runs took.</summary>
    public StageDurations Durations { get; private set; }

    /// <summary>From its arrival until a run first took rows of it; null while it only waits.</summary>
    public TimeSpan? Queued { get; set; }

    /// <summary>Whether it has its answer, or the one who will give it.</summary>
    public bool HasEnded => Volatile.Read(ref _hasEnded) == 1;

    /// <summary>Whether a run of it would be for nobody: it has ended, or its time is up and the timer that says so is late, as where all pool threads are busy.</summary>
    public bool IsOver(long now) => HasEnded || now >= deadline;

    /// <summary>True for one caller only, who then completes it.</summary>
    public bool TryEnd()
    {
        if (Interlocked.Exchange(ref _hasEnded, 1) != 0) return false;
        _leaving.Unregister();
        return true;
    }

    /// <summary>Has it leave when its caller does, or when its time is up; that may be at once.</summary>
    public void LeaveWith(CancellationToken caller) =>
        _leaving = caller.UnsafeRegister(static (pending, token) => ((PendingInference)pending!).Leave(token), this);

    /// <summary>Whether the rows of both can be one tensor: every dimension but the first is the same.</summary>
    public bool FitsWith(PendingInference other)
    {
        if (rows == 0 || other.Rows == 0) return false;
        for (var i = 0; i < inputs.Count; i++)
        {
            if (!inputs[i].Shape.AsSpan(1).SequenceEqual(other.Inputs[i].Shape.AsSpan(1))) return false;
        }

        return true;
    }

    /// <summary>Adds a part's answer; the joined answer once all rows have one, before that null.</summary>
    public IReadOnlyList<AnsweredPart>? AddPart(in BatchSlice slice, Tensor[] answer, StageDurations durations)
    {
        if (RunsWhole) return null;
        (_parts ??= []).Add(new AnsweredPart(slice.FirstRow, answer));
        _answeredRows += slice.Rows;
        Durations += durations;
        return _answeredRows == rows ? _parts : null;
    }

    /// <summary>Gives its parts up; false for whoever comes second.</summary>
    public bool TryRunWhole()
    {
        if (RunsWhole) return false;
        RunsWhole = true;
        Durations = default;
        return true;
    }

    private void Leave(CancellationToken left) => batcher.Leave(this, left);
}
