using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace IntegrationTests.Infrastructure;

/// <summary>A built program as a process of its own, so that it can be killed, capped or refused like a real one.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private const int Interrupt = 2;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly TaskCompletionSource<Uri> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(Process process) => _process = process;

    public HttpClient Http { get; private set; } = new();

    public int Id => _process.Id;

    /// <summary>What the process has printed, both streams.</summary>
    public string Output => string.Join(Environment.NewLine, _output);

    /// <summary>Starts the REST API and waits until it is up.</summary>
    public static Task<ServerProcess> StartApiAsync(params string[] args) =>
        StartAsync(Repository.Assembly("src/Api", "OrleansInference.Api"), args);

    /// <summary>Starts the API with the tests' changes (see TestServer) and waits until it is up.</summary>
    public static Task<ServerProcess> StartTestServerAsync(params string[] args) =>
        StartAsync(Repository.Assembly("tests/TestServer", "TestServer"), args);

    /// <summary>Runs a program that is meant to end by itself; answers its exit code and what it printed.</summary>
    public static async Task<(int ExitCode, string Output)> RunToEndAsync(string assembly, params string[] args)
    {
        await using var server = Launch(assembly, args);
        await server.WaitForExitAsync();
        return (server._process.ExitCode, server.Output);
    }

    /// <summary>SIGKILL: the process ends where it stands.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await WaitForExitAsync();
    }

    /// <summary>SIGINT, as Ctrl-C sends it; answers the exit code.</summary>
    public async Task<int> StopAsync()
    {
        if (kill(_process.Id, Interrupt) != 0) throw new InvalidOperationException($"SIGINT could not be sent to {_process.Id}");
        await WaitForExitAsync();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
    }

    private static async Task<ServerProcess> StartAsync(string assembly, string[] args)
    {
        var server = Launch(assembly, ["--urls=http://127.0.0.1:0", .. args]);
        try
        {
            var address = await server._ready.Task.WaitAsync(Patience);
            server.Http = new HttpClient { BaseAddress = address };
            return server;
        }
        catch (Exception e)
        {
            await server.DisposeAsync();
            throw new InvalidOperationException($"{assembly} {string.Join(' ', args)} did not come up. It printed:\n{server.Output}", e);
        }
    }

    private static ServerProcess Launch(string assembly, string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [assembly, .. args]) { RedirectStandardOutput = true, RedirectStandardError = true };
        var server = new ServerProcess(new Process { StartInfo = start, EnableRaisingEvents = true });
        server._process.OutputDataReceived += (_, line) => server.OnLine(line.Data);
        server._process.ErrorDataReceived += (_, line) => server.OnLine(line.Data);
        server._process.Exited += (_, _) => server._ready.TrySetException(new InvalidOperationException("The process ended."));
        server._process.Start();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        return server;
    }

    private void OnLine(string? line)
    {
        if (line is null) return;
        _output.Enqueue(line);
        if (RestAddress().Match(line) is { Success: true } match) _ready.TrySetResult(new Uri(match.Groups[1].Value));
    }

    private async Task WaitForExitAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"Process {_process.Id} did not end within {Patience}. It printed:\n{Output}");
        }
    }

    [GeneratedRegex("^  REST +(http://[^ ,]+)")]
    private static partial Regex RestAddress();

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int kill(int pid, int signal);
}
