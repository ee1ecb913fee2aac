using System.Net.Sockets;
using Npgsql;

namespace OrleansInference.Storage.Sql.PostgreSql;

/// <summary>What callers are told when PostgreSQL does not do its part.</summary>
internal static class PostgreSqlFaults
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Whether the database, or the way to it, was at fault, rather than the statement's sender.</summary>
    public static bool IsUnavailable(Exception failure) => failure is PostgresException refusal
        ? IsServersTrouble(refusal.SqlState)
        : failure is NpgsqlException or SocketException or TimeoutException or IOException;

    /// <summary>Whether an open connection broke, as those in a pool have when the server was away: another one may well stand.</summary>
    public static bool IsBrokenConnection(Exception failure) => failure switch
    {
        PostgresException refusal => refusal.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown,
        NpgsqlException { InnerException: IOException } => true,
        _ => false,
    };

    /// <summary>A read or a store's write that did not happen, or of which it is not known.</summary>
    public static InferenceException Unavailable(Exception cause) =>
        new(InferenceErrorCode.StorageUnavailable, $"PostgreSQL did not answer: {Reason(cause)}. Retry.", RetryAfter);

    /// <summary>A record that is certain not to be written.</summary>
    public static InferenceException NotRecorded(string why) => new(
        InferenceErrorCode.StorageUnavailable, $"The prediction log did not take the record: {why.TrimEnd('.')}. Nothing was recorded; a retry is safe.", RetryAfter);

    /// <summary>A record whose commit was under way when the connection broke.</summary>
    public static InferenceException MayBeRecorded(Exception cause) => new(
        InferenceErrorCode.StorageUnavailable,
        $"The prediction log did not answer while it committed the record: {Reason(cause)}. It may have been recorded; a retry with the same prediction id or Idempotency-Key is safe.",
        RetryAfter);

    /// <summary>The server's or the socket's own words. They name a host at most: the password is in no message of the driver's.</summary>
    public static string Reason(Exception cause) => (cause.GetBaseException() is SocketException socket ? $"{cause.Message} ({socket.SocketErrorCode})" : cause.Message).TrimEnd('.');

    // By class: connections, authentication, no such database, resources, operators' intervention, the system. Anything else is
    // the statement's fault, and trying it again helps nobody.
    private static bool IsServersTrouble(string state) => state[..2] is "08" or "28" or "3D" or "53" or "57" or "58" || state is PostgresErrorCodes.DeadlockDetected;
}
