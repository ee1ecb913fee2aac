namespace FraudDemo;

/// <summary>One card payment with its label, which the bank in the story learns a week later.</summary>
/// <param name="Id">Position in order of time, from 0.</param>
/// <param name="UnixSeconds">Instant in whole seconds since 1970-01-01 UTC.</param>
/// <param name="UserId">Who paid.</param>
/// <param name="TerminalId">Where.</param>
/// <param name="Amount">In units of money, rounded to cents, never negative.</param>
/// <param name="Fraud">Whether it was fraud.</param>
/// <param name="Scenario">The last rule that made it fraud: 1 large amount, 2 compromised terminal, 3 compromised user; 0 for none.</param>
public readonly record struct Transaction(
    int Id, long UnixSeconds, int UserId, int TerminalId, double Amount, bool Fraud, byte Scenario);
