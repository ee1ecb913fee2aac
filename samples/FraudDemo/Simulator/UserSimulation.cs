namespace FraudDemo;

/// <summary>All payments of one user. Users do not influence each other, so each has a random stream of its own.</summary>
internal sealed class UserSimulation(FraudSimulationOptions options, SimulatedUser user, int[] terminals)
{
    private const int SecondsPerDay = 86_400;

    private readonly SimulationRandom _random = new(options.Seed, RandomStream.Transactions, user.Id);

    /// <summary>Adds the payments, day after day, honest ones all; their ids are given later.</summary>
    public void AddTransactions(List<Transaction> transactions)
    {
        if (terminals.Length == 0) return;
        for (var day = 0; day < options.Days; day++)
        {
            var count = _random.NextPoisson(user.TransactionsPerDay);
            for (var i = 0; i < count; i++) TryAddTransaction(day, transactions);
        }
    }

    private void TryAddTransaction(int day, List<Transaction> transactions)
    {
        var time = _random.NextNormal(FraudRules.MeanTimeOfDay, FraudRules.StdTimeOfDay);
        if (time is < 0 or >= SecondsPerDay) return;

        var unixSeconds = options.StartUnixSeconds + (long)day * SecondsPerDay + (long)time;
        var terminal = terminals[_random.NextIndex(terminals.Length)];
        transactions.Add(new(0, unixSeconds, user.Id, terminal, NextAmount(), Fraud: false, Scenario: 0));
    }

    private double NextAmount()
    {
        var amount = _random.NextNormal(user.MeanAmount, user.StdAmount);
        return Math.Round(amount < 0 ? _random.NextUniform(0, 2 * user.MeanAmount) : amount, 2);
    }
}
