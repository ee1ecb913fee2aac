namespace FraudDemo;

/// <summary>Turns honest payments into fraud, by the three rules in their published order; a later rule overwrites the scenario.</summary>
internal sealed class FraudScenarios(FraudSimulationOptions options)
{
    private readonly CompromiseSchedule _schedule = new(options);

    /// <summary>Applies the rules to all payments of one user, given in order of their days.</summary>
    public void Apply(int userId, Span<Transaction> payments)
    {
        foreach (ref var payment in payments)
        {
            if (payment.Amount > FraudRules.LargeAmount) payment = AsFraud(payment, scenario: 1);
            if (_schedule.IsTerminalCompromised(payment.TerminalId, DayOf(payment))) payment = AsFraud(payment, scenario: 2);
        }

        foreach (var day in _schedule.DaysOfUser(userId)) Steal(userId, day, payments);
    }

    private void Steal(int userId, int day, Span<Transaction> payments)
    {
        var random = new SimulationRandom(options.Seed, RandomStream.StolenPayments, ((long)day << 32) | (uint)userId);
        var candidates = PositionsBetween(day, day + FraudRules.UserDays, payments);
        var stolen = candidates.Count / FraudRules.StolenOneIn;

        // The first steps of a Fisher-Yates shuffle: distinct and uniform.
        for (var i = 0; i < stolen; i++)
        {
            var other = i + random.NextIndex(candidates.Count - i);
            (candidates[i], candidates[other]) = (candidates[other], candidates[i]);
            ref var payment = ref payments[candidates[i]];
            payment = AsFraud(payment, scenario: 3) with { Amount = Math.Round(payment.Amount * FraudRules.StolenFactor, 2) };
        }
    }

    private List<int> PositionsBetween(int fromDay, int toDay, ReadOnlySpan<Transaction> payments)
    {
        var positions = new List<int>();
        for (var i = 0; i < payments.Length; i++)
            if (DayOf(payments[i]) >= fromDay && DayOf(payments[i]) < toDay) positions.Add(i);

        return positions;
    }

    private int DayOf(Transaction payment) => (int)((payment.UnixSeconds - options.StartUnixSeconds) / 86_400);

    private static Transaction AsFraud(Transaction payment, byte scenario) => payment with { Fraud = true, Scenario = scenario };
}
