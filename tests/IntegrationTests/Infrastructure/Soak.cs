using System.Diagnostics;

namespace IntegrationTests.Infrastructure;

/// <summary>Tests of what only shows after many rounds: few of them in each run, all when <c>INFERENCE_TESTS_SOAK=1</c>.</summary>
internal static class Soak
{
    /// <summary>Whether to run as long as it takes, and to hold the result against its limit.</summary>
    public static bool Whole { get; } = Environment.GetEnvironmentVariable("INFERENCE_TESTS_SOAK") is "1";

    /// <summary>How many rounds to run.</summary>
    public static int Rounds(int inEachRun, int whole) => Whole ? whole : inEachRun;

    /// <summary>A process's resident memory, in mebibytes.</summary>
    public static double ResidentMiB(int processId)
    {
        using var process = Process.GetProcessById(processId);
        return process.WorkingSet64 / (1024.0 * 1024);
    }
}
