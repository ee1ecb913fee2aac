namespace FraudDemo;

/// <summary>A card holder: a place to shop around and habits of spending.</summary>
/// <param name="Id">Index in <see cref="FraudDataSet.Users"/>.</param>
/// <param name="X">Position in the square, 0 to 100.</param>
/// <param name="Y">Position in the square, 0 to 100.</param>
/// <param name="MeanAmount">Mean of an ordinary amount, 5 to 100.</param>
/// <param name="StdAmount">Standard deviation of an ordinary amount: half the mean.</param>
/// <param name="TransactionsPerDay">Mean of the Poisson number of transactions in a day, 0 to 4.</param>
public readonly record struct SimulatedUser(
    int Id, double X, double Y, double MeanAmount, double StdAmount, double TransactionsPerDay);
