using FraudDemo;
using Xunit;

namespace OrleansInference.UnitTests.Demo;

/// <summary>What the handbook says of its data, checked on the data.</summary>
public sealed class PublishedRulesTests
{
    private static readonly FraudDataSet Data = SmallWorld.Data;

    [Fact]
    public void Users_AllOfThem_HaveHabitsInThePublishedRanges() => Assert.All(Data.Users, user =>
    {
        Assert.InRange(user.X, 0, 100);
        Assert.InRange(user.Y, 0, 100);
        Assert.InRange(user.MeanAmount, 5, 100);
        Assert.Equal(user.MeanAmount / 2, user.StdAmount);
        Assert.InRange(user.TransactionsPerDay, 0, 4);
    });

    [Fact]
    public void Transactions_AllOfThem_LieInTheSimulatedDays()
        => Assert.All(Data.Transactions, payment => Assert.InRange(
            payment.UnixSeconds,
            SmallWorld.Options.StartUnixSeconds,
            SmallWorld.Options.StartUnixSeconds + SmallWorld.Options.Days * 86_400L - 1));

    [Fact]
    public void Transactions_AllOfThem_AreAtTerminalsInReach() => Assert.All(Data.Transactions, payment =>
    {
        var (user, terminal) = (Data.Users[payment.UserId], Data.Terminals[payment.TerminalId]);
        Assert.True(Math.Pow(user.X - terminal.X, 2) + Math.Pow(user.Y - terminal.Y, 2) < 25);
    });

    [Fact]
    public void Amounts_AllOfThem_AreWholeCentsAndNotNegative() => Assert.All(Data.Transactions, payment =>
    {
        Assert.True(payment.Amount >= 0);
        Assert.Equal(Math.Round(payment.Amount, 2), payment.Amount);
    });

    [Fact]
    public void Amounts_Above220_AreFraud()
        => Assert.All(Data.Transactions.Where(payment => payment.Amount > 220), payment => Assert.True(payment.Fraud));

    [Fact]
    public void Scenario_Given_MeansFraud()
        => Assert.All(Data.Transactions, payment => Assert.Equal(payment.Fraud, payment.Scenario is 1 or 2 or 3));

    [Fact]
    public void Transactions_Honest_FollowMeanAndNumberOfTheirUsers()
    {
        // 96.9 % of the times fall inside the day.
        var expected = Data.Users.Sum(user => user.TransactionsPerDay) * SmallWorld.Options.Days * 0.969;
        var honest = Data.Transactions.Where(payment => !payment.Fraud).ToArray();

        Assert.InRange(Data.Transactions.Length / expected, 0.98, 1.02);
        Assert.InRange(honest.Sum(payment => payment.Amount) / honest.Sum(payment => Data.Users[payment.UserId].MeanAmount), 0.97, 1.04);
    }

    [Fact]
    public void Fraud_InTheHandbooksProportions_IsBelowOnePercent()
    {
        var data = FraudSimulator.Run(new() { Users = 5_000, Terminals = 10_000, Days = 40 });

        Assert.InRange(data.Transactions.Count(payment => payment.Fraud) / (double)data.Transactions.Length, 0.004, 0.01);
    }
}
