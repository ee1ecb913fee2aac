namespace FraudDemo;

/// <summary>The published parameters of the simulation: see the README for their source.</summary>
public static class FraudRules
{
    /// <summary>Side of the square in which users and terminals lie.</summary>
    public const double SquareSide = 100;

    /// <summary>A user pays at terminals nearer than this.</summary>
    public const double Reach = 5;

    /// <summary>A user's mean amount is uniform from here to <see cref="MaxMeanAmount"/>.</summary>
    public const double MinMeanAmount = 5;

    /// <summary>See <see cref="MinMeanAmount"/>.</summary>
    public const double MaxMeanAmount = 100;

    /// <summary>A user's mean number of transactions per day is uniform from 0 to this.</summary>
    public const double MaxTransactionsPerDay = 4;

    /// <summary>Mean of the time in the day, in seconds: noon.</summary>
    public const double MeanTimeOfDay = 43_200;

    /// <summary>Standard deviation of the time in the day, in seconds.</summary>
    public const double StdTimeOfDay = 20_000;

    /// <summary>Scenario 1: every amount above this is fraud.</summary>
    public const double LargeAmount = 220;

    /// <summary>Scenario 2: terminals compromised each day.</summary>
    public const int TerminalsPerDay = 2;

    /// <summary>Scenario 2: days that a terminal stays compromised; all its transactions are fraud.</summary>
    public const int TerminalDays = 28;

    /// <summary>Scenario 3: users compromised each day.</summary>
    public const int UsersPerDay = 3;

    /// <summary>Scenario 3: days that a user stays compromised.</summary>
    public const int UserDays = 14;

    /// <summary>Scenario 3: one in this many of a compromised user's transactions is fraud.</summary>
    public const int StolenOneIn = 3;

    /// <summary>Scenario 3: how many times larger a stolen amount is.</summary>
    public const double StolenFactor = 5;
}
