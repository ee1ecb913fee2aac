using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models.Batching;

/// <summary>A batch and its callers. Filled and emptied under the batcher's lock, run outside; used again and again.</summary>
internal sealed class RunningBatch(TimeProvider time)
{
    private bool _isGivenUp;

    /// <summary>The requests, one for each slice of <see cref="Work"/>.</summary>
    public List<PendingInference> Callers { get; } = [];

    public InferenceBatch Work { get; } = new(time);

    public int Rows => Work.Rows;

    public bool IsAlone => Callers.Count == 1;

    public InferencePriority Priority => Callers[0].Priority;

    /// <summary>Cancelled when all callers are gone.</summary>
    public CancellationTokenSource Abandonment { get; private set; } = new();

    /// <summary>Whether nobody waits for it any more.</summary>
    public bool IsAbandoned => Callers.TrueForAll(static caller => caller.HasEnded);

    /// <summary>Adds the next <paramref name="rows"/> rows of a request.</summary>
    public void Add(PendingInference pending, int rows) =>
        AddSlice(pending, new BatchSlice(pending.Inputs, pending.Outputs, pending.TakenRows, rows, rows == pending.Rows));

    /// <summary>Adds a request as it came, which closes the batch. True, for that.</summary>
    public bool AddWhole(PendingInference pending)
    {
        pending.TryRunWhole();
        AddSlice(pending, pending.Whole);
        return true;
    }

    public void AddSlice(PendingInference pending, in BatchSlice slice)
    {
        Callers.Add(pending);
        Work.Add(slice);
    }

    /// <summary>What ends the run, for whoever is about to cancel it.</summary>
    public CancellationTokenSource GiveUp()
    {
        _isGivenUp = true;
        return Abandonment;
    }

    public void Clear()
    {
        Callers.Clear();
        Work.Clear();

        // Another one where somebody may still be about to cancel this: that must reach no later batch.
        if (_isGivenUp || !Abandonment.TryReset()) Abandonment = new CancellationTokenSource();
        _isGivenUp = false;
    }
}
