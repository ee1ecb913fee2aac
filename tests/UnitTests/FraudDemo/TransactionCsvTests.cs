using FraudDemo;
using Xunit;

namespace OrleansInference.UnitTests.Demo;

public sealed class TransactionCsvTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Write_Transactions_HaveOneLineEach()
    {
        var honest = new Transaction(0, 1_522_540_855, 27, 93, 69.5, Fraud: false, Scenario: 0);
        var stolen = new Transaction(1, 1_522_540_877, 4, 26, 1250, Fraud: true, Scenario: 3);

        TransactionCsv.Write(_directory.PathOf("t.csv"), [honest, stolen]);

        Assert.Equal(
            "transaction_id,unix_seconds,user_id,terminal_id,amount,fraud,scenario\n"
            + "0,1522540855,27,93,69.50,0,0\n1,1522540877,4,26,1250.00,1,3\n",
            File.ReadAllText(_directory.PathOf("t.csv")));
    }

    [Fact]
    public void Write_BrokenOff_LeavesTheOldFile()
    {
        File.WriteAllText(_directory.PathOf("t.csv"), "old");

        Assert.Throws<InvalidOperationException>(() => TransactionCsv.Write(_directory.PathOf("t.csv"), Broken()));

        Assert.Equal(["t.csv"], _directory.FileNames);
        Assert.Equal("old", File.ReadAllText(_directory.PathOf("t.csv")));
    }

    private static IEnumerable<Transaction> Broken()
    {
        yield return default;
        throw new InvalidOperationException();
    }
}
