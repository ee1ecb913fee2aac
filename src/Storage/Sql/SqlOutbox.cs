using OrleansInference.Grains.PostProcessing.Outbox;

namespace OrleansInference.Storage.Sql;

/// <summary>The outbox in a database.</summary>
/// <remarks>
/// A claim looks along one index at what is due for its target. Only the oldest of a lane (user and target), its head, may go; a
/// later one that is found due is parked: it is due again when the one before it is settled, or after <see cref="ParkedFor"/>,
/// which mends whatever went wrong. So each message is parked once while it waits, and a claim stays cheap however many wait in
/// one lane.
/// Where several can write, a claim locks the rows that it looks at and passes over those that others have locked. It parks behind
/// a head only while it has that one locked too: whoever settles the head comes after, and sees what to free. A head that is being
/// settled is locked, and what is behind it stays due for the next look.
/// </remarks>
internal sealed class SqlOutbox(SqlDatabase database, OutboxSignal signal, TimeProvider time) : IOutbox
{
    // What is claimed first must not wait for long while much else is parked.
    private const int MostLooks = 64;

    private static readonly TimeSpan ParkedFor = TimeSpan.FromMinutes(15);

    public async Task<IReadOnlyList<ClaimedMessage>> ClaimAsync(string target, string owner, TimeSpan lease, int most, CancellationToken cancellationToken)
    {
        var all = new List<ClaimedMessage>();
        for (var looks = 0; looks < MostLooks && all.Count < most; looks++)
        {
            var (claimed, mayBeMore) = await database.WriteAsync(
                session => ClaimAsync(session, target, owner, lease, Math.Min(most - all.Count, OutboxSql.Look)), cancellationToken);
            all.AddRange(claimed);
            if (!mayBeMore) break;
        }

        return all;
    }

    public async Task<IReadOnlyList<string>> ReadWaitingTargetsAsync(CancellationToken cancellationToken) =>
        await database.ReadAsync(session => session.Statement(OutboxSql.WaitingTargets).ReadAllAsync(row => row.Text(0)), cancellationToken);

    public Task<bool> AcknowledgeAsync(ClaimedMessage message, CancellationToken cancellationToken) => database.WriteAsync(
        async session => await Held(session, OutboxSql.Acknowledge, message).Set("@now", time.GetUtcNow()).ExecuteAsync() > 0 && await FreeNextAsync(session, message),
        cancellationToken);

    public Task<bool> PutOffAsync(ClaimedMessage message, string reason, DateTimeOffset nextAttemptAt, CancellationToken cancellationToken) => database.WriteAsync(
        async session => await Held(session, OutboxSql.PutOff, message).Set("@at", nextAttemptAt).Set("@reason", reason).ExecuteAsync() > 0,
        cancellationToken);

    public Task<bool> BuryAsync(ClaimedMessage message, string reason, CancellationToken cancellationToken) => database.WriteAsync(
        async session => await Held(session, OutboxSql.Bury, message).Set("@now", time.GetUtcNow()).Set("@reason", reason).ExecuteAsync() > 0 && await FreeNextAsync(session, message),
        cancellationToken);

    public Task<int> ReleaseAsync(string owner, CancellationToken cancellationToken) => database.WriteAsync(
        session => session.Statement(OutboxSql.Release).Set("@owner", owner).Set("@now", time.GetUtcNow()).ExecuteAsync(), cancellationToken);

    /// <summary>Gives back what anybody has leased: for a database that only this process writes, whose leases are a killed one's.</summary>
    public Task<int> ReleaseAllAsync(CancellationToken cancellationToken) => database.WriteAsync(
        session => session.Statement(OutboxSql.ReleaseAll).Set("@now", time.GetUtcNow()).ExecuteAsync(), cancellationToken);

    public async Task<ResendOutcome> ResendAsync(string messageId, CancellationToken cancellationToken)
    {
        var target = await database.WriteAsync(
            session => session.Statement(OutboxSql.Resend).Set("@id", messageId).Set("@now", time.GetUtcNow()).ReadFirstAsync<string?>(row => row.Text(0), null), cancellationToken);
        if (target is null) return await ReadOutcomeAsync(messageId, cancellationToken);
        signal.Raise(target);
        return ResendOutcome.Due;
    }

    public async Task<IReadOnlyList<DeadMessage>> ListDeadAsync(string? target, long? before, int most, CancellationToken cancellationToken) => await database.ReadAsync(
        session =>
        {
            var statement = target is null ? session.Statement(OutboxSql.SelectDead) : session.Statement(OutboxSql.SelectDeadOfTarget).Set("@target", target);
            return statement.Set("@before", before ?? long.MaxValue).Set("@most", most).ReadAllAsync(ReadDead);
        },
        cancellationToken);

    public async Task<IReadOnlyList<OutboxLevel>> ReadLevelsAsync(CancellationToken cancellationToken)
    {
        var (waiting, dead) = await database.ReadAsync(CountAsync, cancellationToken);
        return [.. waiting.Keys.Union(dead.Keys).Order().Select(target => ToLevel(target, waiting, dead))];
    }

    public async Task<IReadOnlyDictionary<string, DateTimeOffset>> ReadLastRaisedAsync(string user, CancellationToken cancellationToken) => await database.ReadAsync(
        async session => (await session.Statement(OutboxSql.LastRaised).Set("@user", user).ReadAllAsync(row => (Rule: row.Text(0), At: row.Time(1)))).ToDictionary(row => row.Rule, row => row.At),
        cancellationToken);

    private async ValueTask<(IReadOnlyList<ClaimedMessage> Claimed, bool MayBeMore)> ClaimAsync(SqlSession session, string target, string owner, TimeSpan lease, int most)
    {
        var now = time.GetUtcNow();
        var due = await session.Statement($"{OutboxSql.SelectDue} {session.SkipLocked}")
            .Set("@target", target)
            .Set("@now", now)
            .Set("@most", OutboxSql.Look)
            .ReadAllAsync(row => new DueMessage(row.Long(0), row.Long(1)));
        var heads = due.Where(message => message.IsHead).Take(most).Select(message => message.Position).ToArray();
        var parked = await ParkAsync(session, [.. due.Where(message => !message.IsHead)], now + ParkedFor);
        var claimed = heads.Length > 0 ? await LeaseAsync(session, heads, owner, now + lease) : [];
        return (claimed, due.Count == OutboxSql.Look && claimed.Count + parked > 0);
    }

    private static async ValueTask<int> ParkAsync(SqlSession session, DueMessage[] behind, DateTimeOffset until)
    {
        if (behind.Length == 0) return 0;
        var heads = await Over(session.Statement($"{OutboxSql.SelectWaiting} {session.SkipLocked}"), [.. behind.Select(message => message.Head).Distinct()]).ReadAllAsync(row => row.Long(0));
        long[] parked = [.. behind.Where(message => heads.Contains(message.Head)).Select(message => message.Position)];
        return parked.Length > 0 ? await Over(session.Statement(OutboxSql.Park), parked).Set("@until", until).ExecuteAsync() : 0;
    }

    private static async ValueTask<IReadOnlyList<ClaimedMessage>> LeaseAsync(SqlSession session, long[] heads, string owner, DateTimeOffset until)
    {
        var claimed = await Over(session.Statement(OutboxSql.Lease), heads).Set("@owner", owner).Set("@until", until).ReadAllAsync(row => new ClaimedMessage(
            row.Long(0),
            row.Text(1),
            new OutboxMessage(row.Text(2), row.Text(3), row.Text(4), row.Bytes(5)) { Rule = row.TextOrNull(6) },
            owner,
            row.Int(7),
            until,
            row.Int(8) == 1));

        // RETURNING keeps no order.
        return [.. claimed.OrderBy(message => Array.IndexOf(heads, message.Position))];
    }

    private static SqlStatement Over(SqlStatement statement, long[] positions)
    {
        for (var i = 0; i < OutboxSql.Look; i++) statement = statement.Set(OutboxSql.PositionName(i), i < positions.Length ? positions[i] : (long?)null);
        return statement;
    }

    private static SqlStatement Held(SqlSession session, string sql, ClaimedMessage message) => session.Statement(sql)
        .Set("@position", message.Position)
        .Set("@owner", message.Owner)
        .Set("@attempt", message.Attempt);

    // True, so that it reads as the end of what it follows.
    private async ValueTask<bool> FreeNextAsync(SqlSession session, ClaimedMessage message)
    {
        if (!message.Resent) await session.Statement(OutboxSql.FreeNext).Set("@user", message.User).Set("@target", message.Message.Target).Set("@now", time.GetUtcNow()).ExecuteAsync();
        return true;
    }

    private async Task<ResendOutcome> ReadOutcomeAsync(string messageId, CancellationToken cancellationToken) =>
        await database.ReadAsync(session => session.Statement(OutboxSql.SelectState).Set("@id", messageId).ReadFirstAsync<int?>(row => row.Int(0), null), cancellationToken) switch
        {
            null => ResendOutcome.Unknown,
            1 => ResendOutcome.Delivered,
            _ => ResendOutcome.Waiting,
        };

    private static async ValueTask<(Dictionary<string, (long Count, DateTimeOffset Oldest)> Waiting, Dictionary<string, long> Dead)> CountAsync(SqlSession session)
    {
        var waiting = await session.Statement(OutboxSql.CountWaiting).ReadAllAsync(row => (Target: row.Text(0), Count: row.Long(1), Oldest: row.Time(2)));
        var dead = await session.Statement(OutboxSql.CountDead).ReadAllAsync(row => (Target: row.Text(0), Count: row.Long(1)));
        return (waiting.ToDictionary(row => row.Target, row => (row.Count, row.Oldest)), dead.ToDictionary(row => row.Target, row => row.Count));
    }

    private static OutboxLevel ToLevel(string target, Dictionary<string, (long Count, DateTimeOffset Oldest)> waiting, Dictionary<string, long> dead) =>
        waiting.TryGetValue(target, out var level)
            ? new OutboxLevel(target, level.Count, dead.GetValueOrDefault(target), level.Oldest)
            : new OutboxLevel(target, 0, dead.GetValueOrDefault(target), null);

    private static DeadMessage ReadDead(SqlRow row) => new(
        row.Long(0), row.Text(1), row.Id(2), row.Text(3), row.Text(4), row.Text(5), row.Int(6), row.Time(7), row.Time(8), row.TextOrNull(9) ?? "");

    private readonly record struct DueMessage(long Position, long Head)
    {
        public bool IsHead => Position == Head;
    }
}
