using System.Collections.Concurrent;
using System.Threading.Channels;
using OrleansInference.Grains.PostProcessing;

namespace UnitTests.Fakes;

/// <summary>An outbox in memory: it offers a message until it is marked, and tells the test of every mark.</summary>
internal sealed class FakeOutbox : IOutbox
{
    private readonly ConcurrentDictionary<long, WaitingMessage> _due = new();
    private readonly Channel<Mark> _marks = Channel.CreateUnbounded<Mark>();
    private readonly Channel<bool> _signals = Channel.CreateUnbounded<bool>();
    private int _faults;

    /// <summary>What happens before a read, such as a database that fails.</summary>
    public Func<Task> OnRead { get; set; } = () => Task.CompletedTask;

    /// <summary>The most messages that one read was asked for.</summary>
    public int AskedFor { get; private set; }

    public void Add(params WaitingMessage[] messages)
    {
        foreach (var message in messages) _due[message.Position] = message;
        _signals.Writer.TryWrite(true);
    }

    /// <summary>Makes the next marks fail as an unavailable database does.</summary>
    public void FailMarks(int times) => _faults = times;

    /// <summary>The next mark, in the order in which they come.</summary>
    public async Task<Mark> NextMarkAsync() => await _marks.Reader.ReadAsync().AsTask().WaitAsync(Gate.Patience);

    public Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => _signals.Reader.ReadAsync(cancellationToken).AsTask();

    public async Task<IReadOnlyList<WaitingMessage>> ReadDueAsync(int most, CancellationToken cancellationToken)
    {
        AskedFor = most;
        await OnRead();
        return [.. _due.Values.OrderBy(waiting => waiting.Position).Take(most)];
    }

    public Task MarkDeliveredAsync(WaitingMessage message) => MarkAsync(new Mark(message.Message.Id, Delivered: true, null, null), message);

    public Task MarkFailedAsync(WaitingMessage message, string reason, DateTimeOffset? nextAttemptAt) =>
        MarkAsync(new Mark(message.Message.Id, Delivered: false, reason, nextAttemptAt), message);

    private Task MarkAsync(Mark mark, WaitingMessage message)
    {
        if (Interlocked.Decrement(ref _faults) >= 0)
            return Task.FromException(new OrleansInference.InferenceException(OrleansInference.InferenceErrorCode.StorageUnavailable, "on purpose"));
        _due.TryRemove(message.Position, out _);
        _marks.Writer.TryWrite(mark);
        return Task.CompletedTask;
    }
}

/// <summary>What came of a message; neither delivered nor to be tried again is a dead letter.</summary>
internal sealed record Mark(string Id, bool Delivered, string? Reason, DateTimeOffset? NextAttemptAt);
