namespace FraudDemo.Replay;

/// <summary>Sends every transaction, those of a user one after another, until each is answered.</summary>
/// <remarks>
/// Callers take users in turn and send the next transaction of each, so that a user's next one is only sent when the one before is
/// answered, whatever happens to the server meanwhile.
/// </remarks>
internal sealed class ReplayRun(PredictionSender sender, int batchSize, TimeProvider time)
{
    private const int Callers = 4;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Lock _lock = new();
    private readonly Queue<Queue<PublishedTransaction>> _users = [];
    private long _lastAnswer = time.GetTimestamp();
    private int _answered;
    private int _repeated;
    private int _left;

    /// <summary>Transactions that have an answer.</summary>
    public int Answered => Volatile.Read(ref _answered);

    /// <summary>Transactions that were sent again, counted each time.</summary>
    public int Repeated => Volatile.Read(ref _repeated);

    /// <summary>Sends them all; the predictions' ids, by row.</summary>
    /// <exception cref="InvalidOperationException">The server refuses one.</exception>
    /// <exception cref="TimeoutException">Nothing was answered for two minutes.</exception>
    public async Task<Guid[]> RunAsync(IReadOnlyList<PublishedTransaction> transactions, CancellationToken cancellationToken)
    {
        foreach (var user in transactions.GroupBy(one => one.UserId)) _users.Enqueue(new Queue<PublishedTransaction>(user));
        _left = transactions.Count;
        var ids = new Guid[transactions.Count];
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(() => CallAsync(ids, cancellationToken), cancellationToken)));
        return ids;
    }

    private async Task CallAsync(Guid[] ids, CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref _left) > 0)
        {
            var taken = Take();
            var answers = taken.Count == 0 ? [] : await sender.SendAsync([.. taken.Select(user => user.Peek())], cancellationToken);
            var repeat = PutBack(taken, answers, ids);
            if (repeat || taken.Count == 0) await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private List<Queue<PublishedTransaction>> Take()
    {
        lock (_lock)
        {
            // A share, so that the last users do not all go to one caller.
            var share = Math.Min(batchSize, Math.Max(1, _users.Count / Callers));
            var taken = new List<Queue<PublishedTransaction>>(share);
            while (taken.Count < share && _users.TryDequeue(out var user)) taken.Add(user);
            return taken;
        }
    }

    private bool PutBack(List<Queue<PublishedTransaction>> taken, Guid?[] answers, Guid[] ids)
    {
        var answered = 0;
        lock (_lock)
        {
            for (var i = 0; i < taken.Count; i++)
            {
                if (answers[i] is { } id)
                {
                    ids[taken[i].Dequeue().Row] = id;
                    answered++;
                }

                if (taken[i].Count > 0) _users.Enqueue(taken[i]);
            }

            if (answered > 0) _lastAnswer = time.GetTimestamp();
            else if (taken.Count > 0 && time.GetElapsedTime(_lastAnswer) > Patience) throw new TimeoutException($"The server has answered nothing for {Patience}.");
            _answered += answered;
            _repeated += taken.Count - answered;
            _left -= answered;
        }

        return answered < taken.Count;
    }
}
