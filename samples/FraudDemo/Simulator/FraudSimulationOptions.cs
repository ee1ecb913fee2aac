namespace FraudDemo;

/// <summary>Size, period and seed of a simulation. The same options give the same data on every machine.</summary>
public sealed record FraudSimulationOptions
{
    /// <summary>A hundred years: more than any demo needs, few enough that times fit the sort key.</summary>
    private const int MaxDays = 36_500;

    private const int MaxTerminals = 1_000_000;

    /// <summary>Bounds memory: about two transactions per user and day, forty bytes each.</summary>
    private const long MaxUserDays = 25_000_000;

    /// <summary>Card holders, with ids from 0. Default: 5,000. At least 1.</summary>
    public int Users { get; init; } = 5_000;

    /// <summary>Payment terminals, with ids from 0. Default: 10,000. At least 1; a few leave most users with none in reach.</summary>
    public int Terminals { get; init; } = 10_000;

    /// <summary>Days simulated, counted from <see cref="Start"/>. Default: 183. From 1 to 36,500.</summary>
    public int Days { get; init; } = 183;

    /// <summary>First day, from its midnight in UTC. Default: 2018-04-01, as in the handbook.</summary>
    public DateOnly Start { get; init; } = new(2018, 4, 1);

    /// <summary>Chooses one of the possible worlds. Default: 0.</summary>
    public long Seed { get; init; }

    /// <summary>Midnight UTC of <see cref="Start"/> in Unix seconds.</summary>
    public long StartUnixSeconds => new DateTimeOffset(Start, TimeOnly.MinValue, TimeSpan.Zero).ToUnixTimeSeconds();

    /// <summary>Every option out of its range, as a sentence with its value and the range; none when the options are good.</summary>
    public IReadOnlyList<string> FindFaults()
    {
        var faults = FindOutOfRange(
            (nameof(Users), Users, int.MaxValue), (nameof(Terminals), Terminals, MaxTerminals), (nameof(Days), Days, MaxDays));
        return faults.Count > 0
            ? faults
            : FindOutOfRange(
                ("Users x Days", (long)Users * Days, MaxUserDays),
                ($"Days from {Start:yyyy-MM-dd}", Days, DateOnly.MaxValue.DayNumber - Start.DayNumber));
    }

    /// <summary>Refuses what cannot be simulated.</summary>
    /// <exception cref="ArgumentException">Options are out of their ranges; the message names them all.</exception>
    public void Validate()
    {
        var faults = string.Join(" ", FindFaults());
        if (faults.Length > 0) throw new ArgumentException(faults);
    }

    private static List<string> FindOutOfRange(params (string Option, long Value, long Max)[] ranges)
        => [.. from range in ranges
               where range.Value < 1 || range.Value > range.Max
               select $"{range.Option} is {range.Value}; it must be between 1 and {range.Max}."];
}
