using Microsoft.Data.Sqlite;

namespace FraudDemo;

/// <summary>Computes the risk of a terminal from the database: one prepared query, answered by the covering index alone.</summary>
/// <remarks>For one caller at a time, as is its connection.</remarks>
internal sealed class TerminalRiskReader : IDisposable
{
    private const long Day = 86_400;

    // Fraud is known seven days later, so every window ends at @known = t - 7 d. Without a terminal there is no row.
    private const string Query =
        """
        SELECT
          COUNT(p.fraud) FILTER (WHERE p.unix_seconds > @known - 86400),
          AVG(p.fraud)   FILTER (WHERE p.unix_seconds > @known - 86400),
          COUNT(p.fraud) FILTER (WHERE p.unix_seconds > @known - 7 * 86400),
          AVG(p.fraud)   FILTER (WHERE p.unix_seconds > @known - 7 * 86400),
          COUNT(p.fraud),
          AVG(p.fraud)
        FROM terminals t
        LEFT JOIN transactions p
          ON p.terminal_id = t.terminal_id AND p.unix_seconds > @known - 30 * 86400 AND p.unix_seconds <= @known
        WHERE t.terminal_id = @terminal
        GROUP BY t.terminal_id
        """;

    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _query;

    public TerminalRiskReader(string connectionString)
    {
        _connection = new(connectionString);
        _connection.Open();
        _query = _connection.CreateCommand();
        _query.CommandText = Query;
        _query.Parameters.Add("@terminal", SqliteType.Integer);
        _query.Parameters.Add("@known", SqliteType.Integer);
    }

    /// <summary>The risk as of <paramref name="at"/>, or null for a terminal that does not exist.</summary>
    public TerminalRisk? Find(int terminalId, DateTimeOffset at)
    {
        _query.Parameters["@terminal"].Value = terminalId;
        _query.Parameters["@known"].Value = at.ToUnixTimeSeconds() - 7 * Day;
        using var row = _query.ExecuteReader();
        return row.Read() ? Read(row, terminalId, at) : null;
    }

    public void Dispose()
    {
        _query.Dispose();
        _connection.Dispose();
    }

    private static TerminalRisk Read(SqliteDataReader row, int terminalId, DateTimeOffset at) => new()
    {
        TerminalId = $"{terminalId}",
        At = at.UtcDateTime,
        Count1d = row.GetInt64(0),
        Risk1d = ShareIn(row, 1),
        Count7d = row.GetInt64(2),
        Risk7d = ShareIn(row, 3),
        Count30d = row.GetInt64(4),
        Risk30d = ShareIn(row, 5),
    };

    private static double ShareIn(SqliteDataReader row, int column) => row.IsDBNull(column) ? 0 : row.GetDouble(column);
}
