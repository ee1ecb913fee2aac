namespace FraudDemo;

/// <summary>A payment terminal: what a shop has on its counter.</summary>
/// <param name="Id">Index in <see cref="FraudDataSet.Terminals"/>.</param>
/// <param name="X">Position in the square, 0 to 100.</param>
/// <param name="Y">Position in the square, 0 to 100.</param>
public readonly record struct SimulatedTerminal(int Id, double X, double Y);
