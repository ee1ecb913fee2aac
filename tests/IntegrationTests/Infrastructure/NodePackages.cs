using System.Diagnostics;

namespace IntegrationTests.Infrastructure;

/// <summary>The servers in <c>tests/package.json</c>, installed where they are missing.</summary>
internal static class NodePackages
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly SemaphoreSlim OneAtATime = new(1);

    /// <summary>The folder of an installed package.</summary>
    public static async Task<string> FindAsync(string package)
    {
        var tests = Path.Combine(Repository.Root, "tests");
        var folder = Path.Combine(tests, "node_modules", package);
        await OneAtATime.WaitAsync(Patience);
        try
        {
            if (!Directory.Exists(folder)) await RunAsync("npm", ["ci", "--no-audit", "--no-fund"], tests);
            return folder;
        }
        finally
        {
            OneAtATime.Release();
        }
    }

    /// <summary>Runs one of Node's programs to its end; a failure tells what it printed.</summary>
    public static async Task RunAsync(string program, string[] args, string folder)
    {
        var start = new ProcessStartInfo(program, args) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Start(start);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(Patience);
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', args)} in {folder} failed:\n{await output}{await errors}");
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new InvalidOperationException($"These tests start servers from npm, and there is no {start.FileName} here. Install Node 20 or later with npm, such as: apt-get install nodejs npm.");
        }
    }
}
