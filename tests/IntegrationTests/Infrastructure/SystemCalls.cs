using System.Diagnostics;

namespace IntegrationTests.Infrastructure;

/// <summary>What a process asks of the kernel, as strace sees it from outside.</summary>
internal sealed class SystemCalls : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _strace;
    private readonly string _file;

    private SystemCalls(Process strace, string file)
    {
        _strace = strace;
        _file = file;
    }

    /// <summary>Watches a running process, all of its threads.</summary>
    public static async Task<SystemCalls> AttachAsync(int processId, string file, params string[] calls)
    {
        var strace = await FindAsync();
        var start = new ProcessStartInfo(strace, ["-f", "-s", "1024", "-e", $"trace={string.Join(',', calls)}", "-o", file, "-p", $"{processId}"]) { RedirectStandardError = true };
        var process = Process.Start(start)!;
        var attached = await process.StandardError.ReadLineAsync().WaitAsync(Patience);
        if (attached?.Contains("attached", StringComparison.Ordinal) is not true) throw new InvalidOperationException($"strace could not watch process {processId}: {attached}");
        _ = process.StandardError.ReadToEndAsync();
        return new SystemCalls(process, file);
    }

    /// <summary>Lets the process go and reads what it asked, in the order in which it came to the kernel.</summary>
    public async Task<IReadOnlyList<string>> DetachAsync()
    {
        using (var interrupt = Process.Start("kill", ["-INT", $"{_strace.Id}"])) await interrupt.WaitForExitAsync();
        await _strace.WaitForExitAsync().WaitAsync(Patience);
        return await File.ReadAllLinesAsync(_file);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_strace.HasExited) await DetachAsync();
        _strace.Dispose();
    }

    // As a package it is some hundred kilobytes; only root can install it.
    private static async Task<string> FindAsync()
    {
        const string Installed = "/usr/bin/strace";
        if (File.Exists(Installed)) return Installed;
        using var install = Process.Start("sh", ["-c", "apt-get install -y -q strace || { apt-get update -q && apt-get install -y -q strace; }"]);
        await install.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(3));
        return File.Exists(Installed) ? Installed : throw new InvalidOperationException("This test needs strace. Install the package strace: apt-get install strace.");
    }
}
