using System.Globalization;

namespace OrleansInference.Storage.Sql;

/// <summary>The outbox's statements. Literal states and flags, since the indexes are made for those.</summary>
internal static class OutboxSql
{
    /// <summary>Most rows that one statement looks at: <c>IN</c> takes that many parameters.</summary>
    public const int Look = 32;

    /// <summary>What is due, and the oldest of its lane that is not delivered, which goes first; what was sent again has no lane.</summary>
    public const string SelectDue =
        """
        SELECT position, CASE WHEN resent = 1 THEN position ELSE (
          SELECT min(head.position) FROM outbox AS head
          WHERE head.state = 0 AND head.resent = 0 AND head."user" = outbox."user" AND head.target = outbox.target) END
        FROM outbox
        WHERE state = 0 AND target = @target AND next_attempt_at <= @now
        ORDER BY next_attempt_at, position LIMIT @most
        """;

    public const string WaitingTargets =
        """
        WITH RECURSIVE waiting (target) AS (
          SELECT min(target) FROM outbox WHERE state = 0
          UNION ALL
          SELECT (SELECT min(outbox.target) FROM outbox WHERE outbox.state = 0 AND outbox.target > waiting.target) FROM waiting WHERE waiting.target IS NOT NULL)
        SELECT target FROM waiting WHERE target IS NOT NULL
        """;

    public const string Acknowledge =
        $"UPDATE outbox SET state = 1, settled_at = @now, lease_owner = NULL, lease_until = NULL, last_error = NULL WHERE {Held}";

    public const string PutOff =
        $"UPDATE outbox SET next_attempt_at = @at, last_error = @reason, lease_owner = NULL, lease_until = NULL WHERE {Held}";

    public const string Bury =
        $"UPDATE outbox SET state = 2, settled_at = @now, last_error = @reason, lease_owner = NULL, lease_until = NULL WHERE {Held}";

    /// <summary>The next of the lane need not wait any more.</summary>
    public const string FreeNext =
        """
        UPDATE outbox SET next_attempt_at = @now WHERE position = (
          SELECT min(position) FROM outbox WHERE state = 0 AND resent = 0 AND "user" = @user AND target = @target)
        """;

    public const string Release =
        """
        UPDATE outbox SET lease_owner = NULL, lease_until = NULL, next_attempt_at = @now, attempt = attempt - 1
        WHERE state = 0 AND lease_owner = @owner
        """;

    public const string ReleaseAll =
        """
        UPDATE outbox SET lease_owner = NULL, lease_until = NULL, next_attempt_at = @now, attempt = attempt - 1
        WHERE state = 0 AND lease_owner IS NOT NULL
        """;

    public const string Resend =
        """
        UPDATE outbox SET state = 0, resent = 1, attempt = 0, next_attempt_at = @now, settled_at = NULL
        WHERE message_id = @id AND state = 2 RETURNING target
        """;

    public const string SelectState = "SELECT state FROM outbox WHERE message_id = @id";

    public const string SelectDead =
        $"""
        {DeadColumns} WHERE state = 2 AND position < @before
        ORDER BY position DESC LIMIT @most
        """;

    public const string SelectDeadOfTarget =
        $"""
        {DeadColumns} WHERE state = 2 AND target = @target AND position < @before
        ORDER BY position DESC LIMIT @most
        """;

    public const string CountWaiting = "SELECT target, count(*), min(created_at) FROM outbox WHERE state = 0 GROUP BY target";

    public const string CountDead = "SELECT target, count(*) FROM outbox WHERE state = 2 GROUP BY target";

    public const string LastRaised = """SELECT rule, max(created_at) FROM outbox WHERE "user" = @user AND rule IS NOT NULL GROUP BY rule""";

    private const string Held = "position = @position AND state = 0 AND lease_owner = @owner AND attempt = @attempt";

    private const string DeadColumns =
        """SELECT position, message_id, prediction_id, "user", kind, target, attempt, created_at, settled_at, last_error FROM outbox""";

    /// <summary>Those that still wait.</summary>
    public static readonly string SelectWaiting = $"SELECT position FROM outbox WHERE position IN ({Positions}) AND state = 0";

    /// <summary>What is due and has another before it: it waits until that one is out of its way.</summary>
    public static readonly string Park = $"UPDATE outbox SET next_attempt_at = @until WHERE position IN ({Positions})";

    public static readonly string Lease =
        $"""
        UPDATE outbox SET lease_owner = @owner, lease_until = @until, next_attempt_at = @until, attempt = attempt + 1
        WHERE position IN ({Positions})
        RETURNING position, "user", message_id, kind, target, payload, rule, attempt, resent
        """;

    private static string Positions => string.Join(", ", Enumerable.Range(0, Look).Select(PositionName));

    public static string PositionName(int index) => string.Create(CultureInfo.InvariantCulture, $"@p{index}");
}
