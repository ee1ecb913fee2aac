using FraudDemo;

namespace OrleansInference.UnitTests.Demo;

/// <summary>A simulation that is small enough for every test and dense enough to have all kinds of fraud.</summary>
internal static class SmallWorld
{
    public static FraudSimulationOptions Options { get; } = new() { Users = 300, Terminals = 2_000, Days = 45, Seed = 7 };

    public static FraudDataSet Data { get; } = FraudSimulator.Run(Options);

    public static int DayOf(Transaction payment) => (int)((payment.UnixSeconds - Options.StartUnixSeconds) / 86_400);
}
