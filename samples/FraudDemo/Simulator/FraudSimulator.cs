using System.Runtime.InteropServices;

namespace FraudDemo;

/// <summary>Simulates card payments, some of them fraud, from published rules: the demo's whole world.</summary>
/// <remarks>
/// Deterministic: options and seed decide every byte, on any machine. Each user, terminal and day draws from a random stream of
/// its own, so the order of the work does not matter, and more days leave users, terminals and earlier payments, before fraud, unchanged.
/// </remarks>
public static class FraudSimulator
{
    /// <summary>Runs the whole simulation in memory: about 600,000 transactions for 5,000 users and 60 days.</summary>
    /// <exception cref="ArgumentException">Options are out of their ranges.</exception>
    public static FraudDataSet Run(FraudSimulationOptions options)
    {
        options.Validate();
        var users = CreateAll(options.Users, id => CreateUser(options.Seed, id));
        var terminals = CreateAll(options.Terminals, id => CreateTerminal(options.Seed, id));
        return new(options, users, terminals, CreateTransactions(options, users, new(terminals)));
    }

    private static T[] CreateAll<T>(int count, Func<int, T> create)
    {
        var all = new T[count];
        for (var id = 0; id < count; id++) all[id] = create(id);
        return all;
    }

    private static SimulatedUser CreateUser(long seed, int id)
    {
        var random = new SimulationRandom(seed, RandomStream.UserProfile, id);
        var (x, y) = (random.NextUniform(0, FraudRules.SquareSide), random.NextUniform(0, FraudRules.SquareSide));
        var mean = random.NextUniform(FraudRules.MinMeanAmount, FraudRules.MaxMeanAmount);
        return new(id, x, y, mean, mean / 2, random.NextUniform(0, FraudRules.MaxTransactionsPerDay));
    }

    private static SimulatedTerminal CreateTerminal(long seed, int id)
    {
        var random = new SimulationRandom(seed, RandomStream.TerminalProfile, id);
        return new(id, random.NextUniform(0, FraudRules.SquareSide), random.NextUniform(0, FraudRules.SquareSide));
    }

    private static Transaction[] CreateTransactions(FraudSimulationOptions options, SimulatedUser[] users, TerminalGrid grid)
    {
        var scenarios = new FraudScenarios(options);
        var transactions = new List<Transaction>();
        foreach (var user in users)
        {
            var first = transactions.Count;
            new UserSimulation(options, user, grid.FindInReach(user.X, user.Y)).AddTransactions(transactions);
            scenarios.Apply(user.Id, CollectionsMarshal.AsSpan(transactions)[first..]);
        }

        return InOrderOfTime(options, transactions);
    }

    private static Transaction[] InOrderOfTime(FraudSimulationOptions options, List<Transaction> transactions)
    {
        // Time above, position below: keys are distinct, so an unstable sort keeps equal times in order of user.
        var keys = transactions.Select((payment, i) => ((payment.UnixSeconds - options.StartUnixSeconds) << 32) | (uint)i).ToArray();
        Array.Sort(keys);
        return [.. keys.Select((key, id) => transactions[(int)(uint)key] with { Id = id })];
    }
}
