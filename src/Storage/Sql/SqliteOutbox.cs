using OrleansInference.Grains.PostProcessing;

namespace OrleansInference.Storage.Sql;

/// <summary>The outbox in the embedded database.</summary>
internal sealed class SqliteOutbox(SqliteWriter writer, SqliteReaders readers, InferenceDatabase database, TimeProvider time) : IOutbox, IDisposable
{
    // A later message of the same user and target waits for the earlier one, so that both arrive in order.
    private const string SelectDue =
        """
        SELECT position, message_id, kind, target, payload, attempt FROM outbox AS message
        WHERE state = 0 AND next_attempt_at <= @now AND NOT EXISTS (
          SELECT 1 FROM outbox AS earlier
          WHERE earlier.state = 0 AND earlier.user = message.user AND earlier.target = message.target AND earlier.position < message.position)
        ORDER BY position
        LIMIT @most
        """;

    private readonly SemaphoreSlim _signal = new(0, 1);

    /// <summary>Wakes the dispatcher.</summary>
    public void Signal()
    {
        try
        {
            _signal.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake already.
        }
    }

    public Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => _signal.WaitAsync(atMost, cancellationToken);

    public async Task<IReadOnlyList<WaitingMessage>> ReadDueAsync(int most, CancellationToken cancellationToken) =>
        await readers.ReadAsync(database.ConnectionString, connection => ReadDue(connection, most), timeout: TimeSpan.FromSeconds(5)).WaitAsync(cancellationToken);

    public Task MarkDeliveredAsync(WaitingMessage message) =>
        writer.EnqueueAsync(new OutboxWrite(message.Position, OutboxState.Delivered, message.Attempt + 1, time.GetUtcNow(), null));

    public Task MarkFailedAsync(WaitingMessage message, string reason, DateTimeOffset? nextAttemptAt) => writer.EnqueueAsync(new OutboxWrite(
        message.Position,
        nextAttemptAt is null ? OutboxState.Dead : OutboxState.Waiting,
        message.Attempt + 1,
        nextAttemptAt ?? time.GetUtcNow(),
        reason));

    public void Dispose() => _signal.Dispose();

    private List<WaitingMessage> ReadDue(ReaderConnection connection, int most) => connection.Run(session => session.Statement(SelectDue)
        .Set("@now", time.GetUtcNow())
        .Set("@most", most)
        .ReadAllAsync(row => new WaitingMessage(row.Long(0), new OutboxMessage(row.Text(1), row.Text(2), row.Text(3), row.Bytes(4)), row.Int(5))));
}
