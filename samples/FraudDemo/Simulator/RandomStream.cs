namespace FraudDemo;

/// <summary>What random numbers are for. Each purpose has streams of its own, so that one more draw here changes nothing there.</summary>
/// <remarks>The numbers are part of the data's definition: never renumber.</remarks>
internal enum RandomStream
{
    /// <summary>One per user: position and habits.</summary>
    UserProfile = 1,

    /// <summary>One per terminal: position.</summary>
    TerminalProfile = 2,

    /// <summary>One per user: their payments, day after day.</summary>
    Transactions = 3,

    /// <summary>One per day: the terminals compromised on it.</summary>
    CompromisedTerminals = 4,

    /// <summary>One per day: the users compromised on it.</summary>
    CompromisedUsers = 5,

    /// <summary>One per day and user: which third of the payments is stolen.</summary>
    StolenPayments = 6,
}
