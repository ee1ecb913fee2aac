using FraudDemo;
using Microsoft.Data.Sqlite;
using Xunit;

namespace OrleansInference.UnitTests.Demo;

public sealed class FraudDatabaseTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task EnsureAsync_NoFile_WritesTheSimulationAndNothingElse()
    {
        await EnsureAsync();

        Assert.Equal(["fraud.db"], _directory.FileNames);
        Assert.Equal(SmallWorld.Options.Users, Scalar("SELECT COUNT(*) FROM users"));
        Assert.Equal(SmallWorld.Options.Terminals, Scalar("SELECT COUNT(*) FROM terminals"));
        Assert.Equal(SmallWorld.Data.Transactions.Length, Scalar("SELECT COUNT(*) FROM transactions"));
        Assert.Equal(SmallWorld.Data.Transactions.Count(payment => payment.Fraud), Scalar("SELECT SUM(fraud) FROM transactions"));
        Assert.Equal("wal", Text("PRAGMA journal_mode"));
        Assert.Equal("ok", Text("PRAGMA integrity_check"));
    }

    [Fact]
    public async Task EnsureAsync_FileExists_LeavesItAlone()
    {
        await File.WriteAllTextAsync(_directory.PathOf("fraud.db"), "mine", TestContext.Current.CancellationToken);

        await EnsureAsync();

        Assert.Equal("mine", await File.ReadAllTextAsync(_directory.PathOf("fraud.db"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task EnsureAsync_TwiceAtOnce_LeavesOneDatabase()
    {
        await Task.WhenAll(EnsureAsync(), EnsureAsync());

        Assert.Equal(["fraud.db"], _directory.FileNames);
    }

    [Fact]
    public async Task EnsureAsync_CancelledWhileWriting_LeavesNothing()
    {
        using var cancellation = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => FraudDatabase.EnsureAsync(
            _directory.PathOf("fraud.db"),
            SmallWorld.Options,
            step => { if (step.StartsWith("Building", StringComparison.Ordinal)) cancellation.Cancel(); },
            cancellation.Token));

        Assert.Empty(_directory.FileNames);
    }

    [Fact]
    public async Task EnsureAsync_RemainsOfAKilledProcess_AreRemovedOnceOld()
    {
        await File.WriteAllTextAsync(_directory.PathOf("fraud.db.old.unfinished"), "", TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(_directory.PathOf("fraud.db.old.unfinished"), DateTime.UtcNow.AddHours(-1));

        await EnsureAsync();

        Assert.Equal(["fraud.db"], _directory.FileNames);
    }

    [Theory]
    [InlineData("SELECT COUNT(*), AVG(amount) FROM transactions WHERE user_id = 1 AND unix_seconds > 0", "transactions_by_user")]
    [InlineData("SELECT COUNT(*), AVG(fraud) FROM transactions WHERE terminal_id = 1 AND unix_seconds > 0", "transactions_by_terminal")]
    public async Task Windows_OfOneUserOrTerminal_AreReadFromACoveringIndex(string query, string index)
    {
        await EnsureAsync();

        Assert.Contains($"USING COVERING INDEX {index}", Text($"EXPLAIN QUERY PLAN {query}", column: 3), StringComparison.Ordinal);
    }

    [Fact]
    public void DemoOptions_Today_EndsWithToday()
    {
        var options = FraudDatabase.DemoOptions(new DateOnly(2026, 3, 1));

        Assert.Equal(new DateOnly(2026, 3, 1), options.Start.AddDays(options.Days - 1));
        Assert.NotEqual(new FraudSimulationOptions().Seed, options.Seed);
    }

    private Task EnsureAsync()
        => FraudDatabase.EnsureAsync(_directory.PathOf("fraud.db"), SmallWorld.Options, null, TestContext.Current.CancellationToken);

    private long Scalar(string sql) => (long)Query(sql, column: 0);

    private string Text(string sql, int column = 0) => (string)Query(sql, column);

    private object Query(string sql, int column)
    {
        using var connection = new SqliteConnection(FraudDatabase.ReadOnlyConnectionString(_directory.PathOf("fraud.db")));
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var row = command.ExecuteReader();
        Assert.True(row.Read());
        return row.GetValue(column);
    }
}
