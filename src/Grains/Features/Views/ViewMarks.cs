using System.Collections.Concurrent;

namespace OrleansInference.Grains.Features.Views;

/// <summary>Which users' cached values of one view are to be read again, because somebody said that they have changed.</summary>
/// <remarks>
/// A cached value remembers the count at which its query began; a higher one makes it stale. Counts only grow, so what changes
/// while a query is under way is not lost. Threads: any thread marks; a user's grain registers and reads.
/// </remarks>
internal sealed class ViewMarks
{
    private readonly ConcurrentDictionary<string, IMarkedUser> _users = new(StringComparer.Ordinal);
    private long _epoch;

    /// <summary>Users who have the view cached in this silo.</summary>
    public int Count => _users.Count;

    /// <summary>How often all users' values were said to have changed.</summary>
    public long Epoch => Volatile.Read(ref _epoch);

    /// <summary>Has the user's mark raised when somebody says by the user's id that the values changed.</summary>
    public void Register(string userId, IMarkedUser user) => _users[userId] = user;

    /// <summary>Only its own entry: a later activation of the user may have taken the place.</summary>
    public void Remove(string userId, IMarkedUser user) => _users.TryRemove(KeyValuePair.Create(userId, user));

    /// <summary>Makes one user's value stale, if it is cached here.</summary>
    public void Raise(string userId)
    {
        if (_users.TryGetValue(userId, out var user)) user.RaiseMark();
    }

    /// <summary>Makes every value stale: nobody knows which have changed.</summary>
    public void RaiseAll() => Interlocked.Increment(ref _epoch);
}

/// <summary>One user's cached values, which count how often they were said to have changed.</summary>
internal interface IMarkedUser
{
    /// <summary>Counts; any thread.</summary>
    void RaiseMark();
}
