using OrleansInference.Grains.Models.Sessions;

namespace OrleansInference.Grains.Models.Batching;

/// <summary>Requests that wait, first in, first out, counted in rows. Guarded by the batcher's lock.</summary>
/// <remarks>The requests themselves are the links: waiting costs no allocation, and leaving from the middle no search.</remarks>
internal sealed class PendingQueue
{
    // How many requests of other shapes are passed over in the search for the batch's shape.
    private const int MaxPassedOver = 256;

    private PendingInference? _last;

    public PendingInference? First { get; private set; }

    public int Count { get; private set; }

    public int Rows { get; private set; }

    public void Add(PendingInference pending)
    {
        pending.Queue = this;
        pending.Previous = _last;
        if (_last is null) First = pending;
        else _last.Next = pending;
        _last = pending;
        Count++;
        Rows += pending.WaitingRows;
    }

    public void Remove(PendingInference pending)
    {
        if (pending.Previous is null) First = pending.Next;
        else pending.Previous.Next = pending.Next;
        if (pending.Next is null) _last = pending.Previous;
        else pending.Next.Previous = pending.Previous;
        (pending.Queue, pending.Previous, pending.Next) = (null, null, null);
        Count--;
        Rows -= pending.WaitingRows;
    }

    public IEnumerable<PendingInference> All()
    {
        for (var next = First; next is not null; next = next.Next) yield return next;
    }

    /// <summary>
    /// Puts into the batch what a run of at most <paramref name="limit"/> rows would take: the first request, and the ones behind
    /// it that have its shape. Nothing leaves the queue before <see cref="Take"/>.
    /// </summary>
    /// <returns>Whether the batch is closed: full, or the next of its shape does not fit.</returns>
    public bool Gather(RunningBatch batch, int limit, long now)
    {
        var first = First!;
        if (first.Rows == 0) return batch.AddWhole(first);

        var passedOver = 0;
        for (var next = first; next is not null && batch.Rows < limit && passedOver < MaxPassedOver; next = next.Next)
        {
            if (next.IsOver(now) || (next != first && !next.FitsWith(first)))
            {
                passedOver++;
                continue;
            }

            // A request of more rows than a run may have gives as many as it may; the others are never torn.
            var rows = Math.Min(next.WaitingRows, limit);
            if (batch.Rows + rows > limit) return true;
            batch.Add(next, rows);
        }

        return batch.Rows >= limit;
    }

    /// <summary>Takes what was gathered.</summary>
    public void Take(RunningBatch batch)
    {
        for (var i = 0; i < batch.Callers.Count; i++)
        {
            var (pending, slice) = (batch.Callers[i], batch.Work.Slices[i]);
            var rows = slice.IsWhole ? pending.WaitingRows : slice.Rows;
            if (pending.WaitingRows == rows) Remove(pending);
            else Rows -= rows;
            pending.TakenRows += rows;
        }
    }
}
