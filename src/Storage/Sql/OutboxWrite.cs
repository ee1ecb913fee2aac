namespace OrleansInference.Storage.Sql;

/// <summary>The values of <c>outbox.state</c>.</summary>
internal enum OutboxState
{
    Waiting = 0,
    Delivered = 1,
    Dead = 2,
}

/// <summary>What came of an attempt to deliver a message.</summary>
internal sealed class OutboxWrite(long position, OutboxState state, int attempt, DateTimeOffset at, string? reason) : SqliteWrite<int>
{
    private const string UpdateMessage =
        """
        UPDATE outbox SET state = @state, attempt = @attempt, last_error = @reason,
          next_attempt_at = CASE WHEN @state = 0 THEN @at ELSE next_attempt_at END,
          settled_at = CASE WHEN @state = 0 THEN NULL ELSE @at END
        WHERE position = @position
        """;

    protected override int Apply(WriterConnection connection) => connection.Execute(connection.Statement(UpdateMessage)
        .Set("@state", (int)state)
        .Set("@attempt", attempt)
        .Set("@at", at)
        .Set("@reason", reason)
        .Set("@position", position));
}
