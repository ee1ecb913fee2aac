using FraudDemo;
using Xunit;

namespace OrleansInference.UnitTests.Demo;

public sealed class FraudScenariosTests
{
    private static readonly CompromiseSchedule Schedule = new(SmallWorld.Options);

    [Fact]
    public void Terminal_Compromised_IsForTwentyEightDays()
    {
        var schedule = new CompromiseSchedule(SmallWorld.Options with { Terminals = 1_000_000, Days = 60 });
        var first = Enumerable.Range(0, 1_000_000).First(id => schedule.IsTerminalCompromised(id, 0));

        Assert.True(schedule.IsTerminalCompromised(first, 27));
        Assert.False(schedule.IsTerminalCompromised(first, 28));
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 4)]
    [InlineData(27, 56)]
    [InlineData(40, 56)]
    public void Terminals_CompromisedOnADay_AreTwoForEachOfTheLastTwentyEightDays(int day, int expected)
    {
        // Among a million terminals none is drawn twice here.
        var schedule = new CompromiseSchedule(SmallWorld.Options with { Terminals = 1_000_000 });

        Assert.Equal(expected, Enumerable.Range(0, 1_000_000).Count(id => schedule.IsTerminalCompromised(id, day)));
    }

    [Fact]
    public void Users_Compromised_AreThreeDistinctOnesEachDay()
    {
        var draws = Enumerable.Range(0, SmallWorld.Options.Users)
            .SelectMany(user => Schedule.DaysOfUser(user).Select(day => (day, user))).ToArray();

        Assert.Equal(
            Enumerable.Repeat(3, SmallWorld.Options.Days),
            draws.GroupBy(draw => draw.day).Select(group => group.Distinct().Count()));
    }

    [Fact]
    public void Payments_AtCompromisedTerminals_AreAllFraud()
    {
        var payments = SmallWorld.Data.Transactions
            .Where(payment => Schedule.IsTerminalCompromised(payment.TerminalId, SmallWorld.DayOf(payment)))
            .ToArray();

        Assert.NotEmpty(payments);
        Assert.All(payments, payment => Assert.True(payment.Scenario is 2 or 3));
    }

    [Fact]
    public void Payments_OfScenarioTwo_AreAtCompromisedTerminalsOnly()
        => Assert.All(
            SmallWorld.Data.Transactions.Where(payment => payment.Scenario == 2),
            payment => Assert.True(Schedule.IsTerminalCompromised(payment.TerminalId, SmallWorld.DayOf(payment))));

    [Fact]
    public void Payments_OfAUserCompromisedOnce_AreStolenInAThirdAndFiveTimesLarger()
    {
        var (user, day) = UserCompromisedOnceBefore(SmallWorld.Options.Days - FraudRules.UserDays);
        var honest = Enumerable.Range(0, SmallWorld.Options.Days).Select(d => Payment(user, d, terminal: HonestTerminal(d))).ToArray();
        var payments = honest.ToArray();

        new FraudScenarios(SmallWorld.Options).Apply(user, payments);

        var stolen = Enumerable.Range(0, payments.Length).Where(i => payments[i].Scenario == 3).ToArray();
        Assert.Equal(FraudRules.UserDays / 3, stolen.Length);
        Assert.All(stolen, i => Assert.InRange(i, day, day + FraudRules.UserDays - 1));
        Assert.All(stolen, i => Assert.Equal(honest[i].Amount * 5, payments[i].Amount));
        Assert.Equal(honest.Where((_, i) => !stolen.Contains(i)), payments.Where((_, i) => !stolen.Contains(i)));
    }

    private static (int User, int Day) UserCompromisedOnceBefore(int lastDay)
        => Enumerable.Range(0, SmallWorld.Options.Users)
            .Where(user => Schedule.DaysOfUser(user).Count() == 1)
            .Select(user => (user, Schedule.DaysOfUser(user).Single()))
            .First(found => found.Item2 < lastDay);

    private static int HonestTerminal(int day)
        => Enumerable.Range(0, SmallWorld.Options.Terminals).First(terminal => !Schedule.IsTerminalCompromised(terminal, day));

    private static Transaction Payment(int user, int day, int terminal)
        => new(0, SmallWorld.Options.StartUnixSeconds + day * 86_400L + 600, user, terminal, 12.5, Fraud: false, Scenario: 0);
}
