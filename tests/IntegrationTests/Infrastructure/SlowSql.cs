using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace IntegrationTests.Infrastructure;

/// <summary>Real work for SQLite: a recursive query as long as asked.</summary>
internal static class SlowSql
{
    /// <summary>A query that computes for about <paramref name="duration"/> on this machine and gives the column <c>value</c>.</summary>
    public static string Lasting(TimeSpan duration)
    {
        const int Trial = 1_000_000;
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = Counting(Trial);
        command.Parameters.AddWithValue("@user_id", 1);

        // The shortest of several: a disturbed trial would make the query too short.
        var shortest = Enumerable.Range(0, 5).Min(_ => Time(command));
        return Counting((long)(Trial * (duration / shortest)));
    }

    private static TimeSpan Time(SqliteCommand command)
    {
        var startedAt = Stopwatch.GetTimestamp();
        command.ExecuteScalar();
        return Stopwatch.GetElapsedTime(startedAt);
    }

    private static string Counting(long steps) => string.Create(
        CultureInfo.InvariantCulture,
        $"WITH RECURSIVE work(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM work WHERE i < {steps}) SELECT 0.5 AS value FROM work WHERE i = {steps} AND @user_id IS NOT NULL");
}
