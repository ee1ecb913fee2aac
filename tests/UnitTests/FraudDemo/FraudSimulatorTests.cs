using System.Security.Cryptography;
using System.Text;
using FraudDemo;
using Xunit;

namespace OrleansInference.UnitTests.Demo;

public sealed class FraudSimulatorTests
{
    [Fact]
    public void Run_SameOptions_GivesSameData()
    {
        var again = FraudSimulator.Run(SmallWorld.Options);

        Assert.Equal(SmallWorld.Data.Users, again.Users);
        Assert.Equal(SmallWorld.Data.Terminals, again.Terminals);
        Assert.Equal(SmallWorld.Data.Transactions, again.Transactions);
    }

    /// <summary>Trained models and recorded figures refer to this data: a new checksum means other data under the same options.</summary>
    [Fact]
    public void Run_AnyMachine_GivesThePublishedBytes()
    {
        using var csv = new StringWriter { NewLine = "\n" };
        TransactionCsv.Write(csv, SmallWorld.Data.Transactions);

        Assert.Equal(
            "7436D068264A3143A975A4BEFD5474C759803DFFB67B3E0FEF1179D41D5BBA1F",
            Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(csv.ToString()))));
    }

    [Fact]
    public void Run_OtherSeed_GivesOtherData()
    {
        var other = FraudSimulator.Run(SmallWorld.Options with { Seed = 8 });

        Assert.NotEqual(SmallWorld.Data.Users[0], other.Users[0]);
        Assert.NotEqual(SmallWorld.Data.Terminals[0], other.Terminals[0]);
        Assert.NotEqual(SmallWorld.Data.Transactions, other.Transactions);
    }

    [Fact]
    public void Run_MoreDays_KeepsEarlierPayments()
    {
        var longer = FraudSimulator.Run(SmallWorld.Options with { Days = SmallWorld.Options.Days + 5 });

        // Amounts apart: a theft in the last days has more payments to choose from.
        Assert.Equal(SmallWorld.Data.Users, longer.Users);
        Assert.Equal(
            SmallWorld.Data.Transactions.Select(WhenWhoWhere),
            longer.Transactions.Take(SmallWorld.Data.Transactions.Length).Select(WhenWhoWhere));
    }

    [Fact]
    public void Run_Transactions_AreNumberedInOrderOfTime()
    {
        var transactions = SmallWorld.Data.Transactions;

        Assert.Equal(Enumerable.Range(0, transactions.Length), transactions.Select(payment => payment.Id));
        Assert.Equal(transactions.OrderBy(payment => payment.UnixSeconds).ThenBy(payment => payment.UserId), transactions);
    }

    [Fact]
    public void Run_NoTerminalInReach_MakesNoTransactions()
    {
        var lonely = FraudSimulator.Run(SmallWorld.Options with { Users = 20, Terminals = 1 });

        var near = lonely.Users.Where(user => Distance(user, lonely.Terminals[0]) < FraudRules.Reach).Select(user => user.Id);
        Assert.Empty(lonely.Transactions.Select(payment => payment.UserId).Except(near));
    }

    [Fact]
    public void Run_OptionsOutOfRange_NamesEachWithValueAndRange()
    {
        var options = new FraudSimulationOptions { Users = 0, Days = 40_000 };

        var exception = Assert.Throws<ArgumentException>(() => FraudSimulator.Run(options));

        Assert.Contains("Users is 0; it must be between 1 and", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Days is 40000; it must be between 1 and 36500.", exception.Message, StringComparison.Ordinal);
    }

    private static (long, int, int) WhenWhoWhere(Transaction payment) => (payment.UnixSeconds, payment.UserId, payment.TerminalId);

    private static double Distance(SimulatedUser user, SimulatedTerminal terminal)
        => Math.Sqrt(Math.Pow(user.X - terminal.X, 2) + Math.Pow(user.Y - terminal.Y, 2));
}
