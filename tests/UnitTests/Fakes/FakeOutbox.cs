using System.Threading.Channels;
using OrleansInference;
using OrleansInference.Grains.PostProcessing.Outbox;

namespace UnitTests.Fakes;

/// <summary>An outbox in memory, with lanes and leases; a test sees what came of each message in the order in which it came.</summary>
internal sealed class FakeOutbox(TimeProvider time, OutboxSignal signal) : IOutbox
{
    private readonly Lock _lock = new();
    private readonly List<Entry> _entries = [];
    private readonly Channel<Mark> _marks = Channel.CreateUnbounded<Mark>();
    private int _faults;

    /// <summary>What happens before a claim, such as a database that fails.</summary>
    public Func<string, Task> OnClaim { get; set; } = _ => Task.CompletedTask;

    /// <summary>What happens before what came of a message is written down, such as a database that refuses it.</summary>
    public Action OnSettle { get; set; } = () => { };

    /// <summary>The most messages that one claim asked for.</summary>
    public int AskedFor { get; private set; }

    /// <summary>The longest that a claim asked to hold.</summary>
    public TimeSpan AskedLease { get; private set; }

    /// <summary>Whether every lease has been lost when it comes to settling.</summary>
    public bool LosesLeases { get; set; }

    /// <summary>The reads of what quiet periods are counted from.</summary>
    public int Reads { get; private set; }

    /// <summary>What quiet periods are counted from.</summary>
    public Func<string, Task<IReadOnlyDictionary<string, DateTimeOffset>>> OnReadLastRaised { get; set; } =
        _ => Task.FromResult<IReadOnlyDictionary<string, DateTimeOffset>>(new Dictionary<string, DateTimeOffset>());

    /// <summary>What the gauges are told.</summary>
    public Func<Task<IReadOnlyList<OutboxLevel>>> OnReadLevels { get; set; } = () => Task.FromResult<IReadOnlyList<OutboxLevel>>([]);

    /// <summary>The messages that are leased now.</summary>
    public IReadOnlyList<string> Leased
    {
        get
        {
            lock (_lock) return [.. _entries.Where(entry => entry.Owner is not null).Select(entry => entry.Message.Id)];
        }
    }

    public void Add(string id, string user = "-!42", string target = "desk", int attempts = 0, bool resent = false)
    {
        var message = new OutboxMessage(id, "alert", target, System.Text.Encoding.UTF8.GetBytes($$"""{"id":"{{id}}"}"""));
        lock (_lock) _entries.Add(new Entry(_entries.Count, user, message) { Attempt = attempts, Resent = resent, DueAt = time.GetUtcNow() });
        signal.Raise(target);
    }

    /// <summary>Makes the next settlements fail as an unavailable database does.</summary>
    public void FailSettling(int times) => _faults = times;

    /// <summary>The next mark, in the order in which they come.</summary>
    public async Task<Mark> NextMarkAsync() => await _marks.Reader.ReadAsync().AsTask().WaitAsync(Gate.Patience);

    public async Task<IReadOnlyList<ClaimedMessage>> ClaimAsync(string target, string owner, TimeSpan lease, int most, CancellationToken cancellationToken)
    {
        AskedFor = Math.Max(AskedFor, most);
        AskedLease = lease;
        await OnClaim(target);
        var now = time.GetUtcNow();
        lock (_lock)
        {
            return [.. _entries.Where(entry => entry.Message.Target == target && entry.DueAt <= now && IsHead(entry)).Take(most).ToArray().Select(entry =>
            {
                (entry.Owner, entry.DueAt) = (owner, now + lease);
                return new ClaimedMessage(entry.Position, entry.User, entry.Message, owner, ++entry.Attempt, entry.DueAt, entry.Resent);
            })];
        }
    }

    public Task<IReadOnlyList<string>> ReadWaitingTargetsAsync(CancellationToken cancellationToken)
    {
        lock (_lock) return Task.FromResult<IReadOnlyList<string>>([.. _entries.Select(entry => entry.Message.Target).Distinct()]);
    }

    public Task<bool> AcknowledgeAsync(ClaimedMessage message, CancellationToken cancellationToken) =>
        SettleAsync(message, new Mark(message.Message.Id, Delivered: true, null, null), entry => _entries.Remove(entry));

    public Task<bool> PutOffAsync(ClaimedMessage message, string reason, DateTimeOffset nextAttemptAt, CancellationToken cancellationToken) =>
        SettleAsync(message, new Mark(message.Message.Id, Delivered: false, reason, nextAttemptAt), entry => (entry.Owner, entry.DueAt) = (null, nextAttemptAt));

    public Task<bool> BuryAsync(ClaimedMessage message, string reason, CancellationToken cancellationToken) =>
        SettleAsync(message, new Mark(message.Message.Id, Delivered: false, reason, null), entry => _entries.Remove(entry));

    public Task<int> ReleaseAsync(string owner, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var held = _entries.Where(entry => entry.Owner == owner).ToArray();
            foreach (var entry in held) (entry.Owner, entry.DueAt, entry.Attempt) = (null, time.GetUtcNow(), entry.Attempt - 1);
            return Task.FromResult(held.Length);
        }
    }

    public Task<ResendOutcome> ResendAsync(string messageId, CancellationToken cancellationToken) => Task.FromResult(ResendOutcome.Unknown);

    public Task<IReadOnlyList<DeadMessage>> ListDeadAsync(string? target, long? before, int most, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<DeadMessage>>([]);

    public Task<IReadOnlyList<OutboxLevel>> ReadLevelsAsync(CancellationToken cancellationToken) => OnReadLevels();

    public Task<IReadOnlyDictionary<string, DateTimeOffset>> ReadLastRaisedAsync(string user, CancellationToken cancellationToken)
    {
        Reads++;
        return OnReadLastRaised(user);
    }

    private bool IsHead(Entry entry) => entry.Resent || !_entries.Exists(other => !other.Resent && other.User == entry.User && other.Message.Target == entry.Message.Target && other.Position < entry.Position);

    private Task<bool> SettleAsync(ClaimedMessage message, Mark mark, Action<Entry> settle)
    {
        OnSettle();
        if (Interlocked.Decrement(ref _faults) >= 0) return Task.FromException<bool>(new InferenceException(InferenceErrorCode.StorageUnavailable, "on purpose"));
        lock (_lock)
        {
            if (LosesLeases || _entries.Find(one => one.Position == message.Position) is not { } entry || entry.Owner != message.Owner || entry.Attempt != message.Attempt)
                return Task.FromResult(false);
            settle(entry);
        }

        _marks.Writer.TryWrite(mark);
        return Task.FromResult(true);
    }

    private sealed record Entry(long Position, string User, OutboxMessage Message)
    {
        public int Attempt { get; set; }

        public bool Resent { get; init; }

        public string? Owner { get; set; }

        public DateTimeOffset DueAt { get; set; }
    }
}

/// <summary>What came of a message; neither delivered nor to be tried again is a dead letter.</summary>
internal sealed record Mark(string Id, bool Delivered, string? Reason, DateTimeOffset? NextAttemptAt);
