using System.Collections.Concurrent;

namespace OrleansInference.Grains.Features.Views;

/// <summary>Which users' cached values of one view are to be read again, because somebody said that they have changed.</summary>
/// <remarks>
/// A cached value remembers the count at which its query began; a higher one makes it stale. Counts only grow, so what changes
/// while a query is under way is not lost. Threads: any thread marks; a user's grain registers and reads.
/// </remarks>
internal sealed class ViewMarks
{
    private readonly ConcurrentDictionary<string, UserMark> _users = new(StringComparer.Ordinal);
    private long _epoch;

    /// <summary>Users who have the view cached in this silo.</summary>
    public int Count => _users.Count;

    /// <summary>One user's mark; where it <paramref name="isNamed"/> it can be raised by the user's id until it is disposed.</summary>
    public UserMark Register(string userId, bool isNamed)
    {
        var mark = new UserMark(this, userId);
        if (isNamed) _users[userId] = mark;
        return mark;
    }

    /// <summary>Makes one user's value stale, if it is cached here.</summary>
    public void Raise(string userId)
    {
        if (_users.TryGetValue(userId, out var mark)) mark.Raise();
    }

    /// <summary>Makes every value stale: nobody knows which have changed.</summary>
    public void RaiseAll() => Interlocked.Increment(ref _epoch);

    /// <summary>One user's count.</summary>
    public sealed class UserMark(ViewMarks owner, string userId) : IDisposable
    {
        private long _count;

        public long Current => Volatile.Read(ref _count) + Volatile.Read(ref owner._epoch);

        public void Raise() => Interlocked.Increment(ref _count);

        // Only its own entry: a later activation of the user may have taken the place.
        public void Dispose() => owner._users.TryRemove(KeyValuePair.Create(userId, this));
    }
}
