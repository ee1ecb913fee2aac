namespace OrleansInference.Storage.Sql.PostgreSql;

/// <summary>Records that wait for a commit, and the next group of them.</summary>
/// <remarks>
/// Promises: bounded; first in, first out for each user; one record of a user in a group, since a group is one statement, which
/// could not leave a later one out where an earlier one is refused. Not thread-safe: its owner locks.
/// </remarks>
internal sealed class RecordQueue(int capacity)
{
    private LinkedList<PendingRecord> Waiting { get; } = [];

    public int Count => Waiting.Count;

    public bool TryAdd(PendingRecord pending)
    {
        if (Waiting.Count >= capacity) return false;
        Waiting.AddLast(pending);
        return true;
    }

    /// <summary>Takes the next group: of each user the first that waits and whose caller is still there.</summary>
    public void Take(List<PendingRecord> group, int most)
    {
        var users = new HashSet<string>(StringComparer.Ordinal);
        for (var node = Waiting.First; node is not null && group.Count < most;)
        {
            var (pending, next) = (node.Value, node.Next);
            if (!users.Contains(pending.Record.User))
            {
                Waiting.Remove(node);
                if (pending.TryBegin() && users.Add(pending.Record.User)) group.Add(pending);
            }

            node = next;
        }
    }
}
