using Microsoft.Data.Sqlite;

namespace FraudDemo;

/// <summary>Writes one simulation into a new SQLite file, fast: no journal and no waiting for the disk.</summary>
internal sealed class FraudDatabaseBuilder(string path, Action<string>? progress, CancellationToken cancellationToken)
{
    private const string Tables =
        """
        PRAGMA journal_mode = OFF;
        PRAGMA synchronous = OFF;
        PRAGMA locking_mode = EXCLUSIVE;
        PRAGMA cache_size = -65536;
        CREATE TABLE users (
          user_id INTEGER PRIMARY KEY, x REAL NOT NULL, y REAL NOT NULL,
          mean_amount REAL NOT NULL, std_amount REAL NOT NULL, transactions_per_day REAL NOT NULL);
        CREATE TABLE terminals (terminal_id INTEGER PRIMARY KEY, x REAL NOT NULL, y REAL NOT NULL);
        CREATE TABLE transactions (
          transaction_id INTEGER PRIMARY KEY, unix_seconds INTEGER NOT NULL, user_id INTEGER NOT NULL,
          terminal_id INTEGER NOT NULL, amount REAL NOT NULL, fraud INTEGER NOT NULL, scenario INTEGER NOT NULL);
        """;

    // Covering: windows over a user's amounts and a terminal's frauds never touch the table itself.
    private const string Indexes =
        """
        CREATE INDEX transactions_by_user ON transactions (user_id, unix_seconds, amount);
        CREATE INDEX transactions_by_terminal ON transactions (terminal_id, unix_seconds, fraud);
        ANALYZE;
        """;

    private const string ReadersBesideWriters =
        """
        PRAGMA locking_mode = NORMAL;
        PRAGMA journal_mode = WAL;
        """;

    public void Build(FraudDataSet data)
    {
        using var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        Execute(connection, Tables);

        progress?.Invoke($"Writing {data.Transactions.Length} transactions.");
        WriteRows(connection, data);

        progress?.Invoke("Building indexes.");
        Execute(connection, Indexes);
        Execute(connection, ReadersBesideWriters);
    }

    private void WriteRows(SqliteConnection connection, FraudDataSet data)
    {
        using var transaction = connection.BeginTransaction();
        var writer = new TableWriter(connection, cancellationToken);
        writer.Write("users", data.Users.Select(object[] (user)
            => [user.Id, user.X, user.Y, user.MeanAmount, user.StdAmount, user.TransactionsPerDay]));
        writer.Write("terminals", data.Terminals.Select(object[] (terminal) => [terminal.Id, terminal.X, terminal.Y]));
        writer.Write("transactions", data.Transactions.Select(object[] (payment)
            => [payment.Id, payment.UnixSeconds, payment.UserId, payment.TerminalId, payment.Amount, payment.Fraud, payment.Scenario]));
        transaction.Commit();
    }

    private void Execute(SqliteConnection connection, string sql)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
