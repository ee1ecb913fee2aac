using IntegrationTests.Infrastructure;

namespace IntegrationTests.Serving;

/// <summary>One version takes the place of another while callers ask all the time.</summary>
public sealed class SwapTests
{
    private const int Callers = 8;
    private const int AnswersPerSwap = 500;
    private const int MeasuredFrom = 20;
    private const double MostGrowth = 1.1;

    private static readonly int Swaps = Soak.Rounds(inEachRun: 25, whole: 100);
    private static readonly Dictionary<string, string> LatestOnly = new() { ["versioned"] = """{ "versions": { "policy": "latest" } }""" };

    [Fact]
    public async Task Load_NewVersionsUnderConstantLoad_FailsNoRequestAndKeepsTheMemory()
    {
        await using var silo = await ServingSilo.StartAsync(LatestOnly, "versioned");
        using var load = new VersionedLoad(silo.Client);
        var callers = load.RunAsync(Callers);
        var residents = new List<double>();

        for (var version = 4; version < 4 + Swaps; version++)
        {
            await SwapAsync(silo, load, version);
            await load.WaitForAnswersAsync(AnswersPerSwap);
            residents.Add(silo.ResidentMiB);
        }

        load.Stop();
        await callers;
        TestContext.Current.SendDiagnosticMessage($"resident after each swap, MiB: {string.Join(' ', residents.Select(resident => $"{resident:F0}"))}");
        if (Soak.Whole) Assert.True(residents[^1] <= MostGrowth * residents[MeasuredFrom - 1], $"{residents[^1]:F0} MiB after the last swap, {residents[MeasuredFrom - 1]:F0} MiB after the {MeasuredFrom}th.");
    }

    private static async Task SwapAsync(ServingSilo silo, VersionedLoad load, int version)
    {
        load.MayAnswer(version);
        TestModels.AddVersion(silo.Models, version);
        var change = await silo.Client.LoadModelAsync("versioned");
        Assert.Empty(change.LaggingSilos);
        load.MustAnswer(version);
        Directory.Delete(Path.Combine(silo.Models, "versioned", $"{version - 1}"), recursive: true);
    }
}
