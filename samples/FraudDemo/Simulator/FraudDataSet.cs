namespace FraudDemo;

/// <summary>Everything one simulation produced.</summary>
/// <param name="Options">What it was made from: enough to make it again.</param>
/// <param name="Users">Card holders by id.</param>
/// <param name="Terminals">Terminals by id.</param>
/// <param name="Transactions">All payments in order of time; equal times in order of user.</param>
public sealed record FraudDataSet(
    FraudSimulationOptions Options, SimulatedUser[] Users, SimulatedTerminal[] Terminals, Transaction[] Transactions);
