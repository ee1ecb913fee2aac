using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using IntegrationTests.Infrastructure;

namespace IntegrationTests.Features;

/// <summary>What a user in memory weighs: live objects of many users in a process that does nothing else, so that the figure is the same each time.</summary>
public sealed partial class UserMemoryTests
{
    // A bare activation of Orleans is 1.9 KB of it; docs/benchmarks.md has what was measured.
    private const int MostBytes = 4_096;

    private const int MostBytesWithoutFeatures = 2_700;

    [Theory]
    [InlineData(MostBytesWithoutFeatures, "--features", "None")]
    [InlineData(MostBytes, "--features", "All")]
    [InlineData(MostBytes, "--features", "All", "--recorded")]
    public async Task ActiveUser_FifteenFeaturesAndSixtyEventsOrNone_FitsTheLimit(int most, params string[] arguments)
    {
        var output = await RunAsync([.. arguments, "--users", "10000"]);

        Assert.True(BytesEach().Match(output) is { Success: true } found && int.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture) <= most, $"More than {most} bytes each: {output}");
    }

    private static async Task<string> RunAsync(string[] arguments)
    {
        var program = Repository.Assembly(Path.Combine("bench", "UserMemory"), "UserMemory");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program, .. arguments]) { WorkingDirectory = Repository.Root, RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        return output;
    }

    [GeneratedRegex("(\\d+) bytes of managed heap")]
    private static partial Regex BytesEach();
}
