namespace FraudDemo;

/// <summary>Which terminals and users are compromised from which day on: drawn once, before any transaction.</summary>
internal sealed class CompromiseSchedule
{
    private readonly ILookup<int, int> _daysOfTerminal;
    private readonly ILookup<int, int> _daysOfUser;

    public CompromiseSchedule(FraudSimulationOptions options)
    {
        _daysOfTerminal = Draw(options, RandomStream.CompromisedTerminals, FraudRules.TerminalsPerDay, options.Terminals);
        _daysOfUser = Draw(options, RandomStream.CompromisedUsers, FraudRules.UsersPerDay, options.Users);
    }

    /// <summary>Whether a compromise of the terminal covers the day.</summary>
    public bool IsTerminalCompromised(int terminalId, int day)
    {
        foreach (var from in _daysOfTerminal[terminalId])
            if (day >= from && day < from + FraudRules.TerminalDays) return true;

        return false;
    }

    /// <summary>Days on which the user is compromised, ascending.</summary>
    public IEnumerable<int> DaysOfUser(int userId) => _daysOfUser[userId];

    private static ILookup<int, int> Draw(FraudSimulationOptions options, RandomStream purpose, int perDay, int population)
        => Enumerable.Range(0, options.Days)
            .SelectMany(day => DrawDistinct(new(options.Seed, purpose, day), Math.Min(perDay, population), population)
                .Select(id => (Id: id, Day: day)))
            .ToLookup(draw => draw.Id, draw => draw.Day);

    private static HashSet<int> DrawDistinct(SimulationRandom random, int count, int population)
    {
        var ids = new HashSet<int>();
        while (ids.Count < count) ids.Add(random.NextIndex(population));
        return ids;
    }
}
