using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace IntegrationTests.Infrastructure;

/// <summary>A built program as a process of its own, so that it can be killed, capped or refused like a real one.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly PrintedLines _lines = new();
    private readonly PrintedLines _errors = new();
    private int _openStreams = 2;

    private ServerProcess(Process process) => _process = process;

    public HttpClient Http { get; private set; } = new();

    public Uri? GrpcAddress { get; private set; }

    public int Id => _process.Id;

    /// <summary>What the process has printed, both streams.</summary>
    public string Output => _lines.ToString();

    /// <summary>Starts the REST API and waits until it is up.</summary>
    public static Task<ServerProcess> StartApiAsync(params string[] args) => StartAsync(ApiAssembly, args, workingDirectory: "");

    /// <summary>Starts the REST API in an environment that has these variables, too, and waits until it is up.</summary>
    public static Task<ServerProcess> StartApiWithAsync(IReadOnlyDictionary<string, string> environment, params string[] args) => StartAsync(ApiAssembly, args, workingDirectory: "", environment);

    /// <summary>Starts the REST API from another working directory and waits until it is up.</summary>
    public static Task<ServerProcess> StartApiInAsync(string workingDirectory, params string[] args) => StartAsync(ApiAssembly, args, workingDirectory);

    /// <summary>Starts the API with the tests' changes (see TestServer) and waits until it is up.</summary>
    public static Task<ServerProcess> StartTestServerAsync(params string[] args) =>
        StartAsync(Repository.Assembly("tests/TestServer", "TestServer"), args, workingDirectory: "");

    /// <summary>Starts a silo without the REST API and waits until it is up.</summary>
    public static async Task<ServerProcess> StartSiloAsync(params string[] args)
    {
        var server = Launch(Repository.Assembly("src/Silo", "OrleansInference.Silo"), args, workingDirectory: "");
        return await server.UntilAsync(async () => await server.WaitForLinesAsync(SiloLine()));
    }

    /// <summary>Runs the REST API where it is meant to end by itself.</summary>
    public static Task<ProgramRun> RunApiToEndAsync(params string[] args) => RunToEndAsync(ApiAssembly, ["--Inference:Grpc:Port=0", .. args]);

    /// <summary>Runs a program that is meant to end by itself.</summary>
    public static async Task<ProgramRun> RunToEndAsync(string assembly, params string[] args)
    {
        await using var server = Launch(assembly, args, workingDirectory: "");
        var exitCode = await server.WaitForExitAsync();
        return new ProgramRun(exitCode, server.Output, server._errors.ToString());
    }

    /// <summary>Waits until the process has printed that many lines of a kind, before or after this call; answers the last one's match.</summary>
    public Task<Match> WaitForLinesAsync(Regex pattern, int count = 1) => _lines.WaitAsync(pattern, count, Patience);

    /// <summary>SIGKILL: the process ends where it stands.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await WaitForExitAsync();
    }

    /// <summary>SIGINT, as Ctrl-C sends it; answers the exit code.</summary>
    public Task<int> StopAsync() => StopAsync(StopSignal.Interrupt);

    /// <summary>Asks the process to end, and waits for it; answers the exit code.</summary>
    public Task<int> StopAsync(StopSignal signal)
    {
        Send(signal);
        return WaitForExitAsync();
    }

    /// <summary>Asks the process to end.</summary>
    public void Send(StopSignal signal)
    {
        if (kill(_process.Id, (int)signal) != 0) throw new InvalidOperationException($"{signal} could not be sent to {_process.Id}");
    }

    /// <summary>Waits for the end, and for all that was printed before it; answers the exit code.</summary>
    public async Task<int> WaitForExitAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
            return _process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"Process {_process.Id} did not end within {Patience}. It printed:\n{Output}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
    }

    private static string ApiAssembly => Repository.Assembly("src/Api", "OrleansInference.Api");

    private static async Task<ServerProcess> StartAsync(string assembly, string[] args, string workingDirectory, IReadOnlyDictionary<string, string>? environment = null)
    {
        var server = Launch(assembly, ["--urls=http://127.0.0.1:0", "--Inference:Grpc:Port=0", .. args], workingDirectory, environment);
        return await server.UntilAsync(async () =>
        {
            var line = await server.WaitForLinesAsync(RestLine());
            server.Http.Dispose();
            server.Http = new HttpClient { BaseAddress = new Uri(line.Groups[1].Value) };
            server.GrpcAddress = new Uri((await server.WaitForLinesAsync(GrpcLine())).Groups[1].Value);
        });
    }

    // A process that did not come up must not stay.
    private async Task<ServerProcess> UntilAsync(Func<Task> up)
    {
        try
        {
            await up();
            return this;
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    private static ServerProcess Launch(string assembly, string[] args, string workingDirectory, IReadOnlyDictionary<string, string>? environment = null)
    {
        // A test run in the background of a script ignores Ctrl-C and would hand that down.
        string[] command = OperatingSystem.IsLinux() ? ["env", "--default-signal=INT", "dotnet", assembly, .. args] : ["dotnet", assembly, .. args];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        var server = new ServerProcess(new Process { StartInfo = start });
        server._process.OutputDataReceived += (_, line) => server.OnLine(line.Data);
        server._process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is not null) server._errors.Add(line.Data);
            server.OnLine(line.Data);
        };
        server._process.Start();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        return server;
    }

    private void OnLine(string? line)
    {
        if (line is not null) _lines.Add(line);
        else if (Interlocked.Decrement(ref _openStreams) == 0) _lines.End();
    }

    [GeneratedRegex("^  REST +(http://[^ ,]+)")]
    private static partial Regex RestLine();

    [GeneratedRegex("^  gRPC +(http://[^ ,]+)")]
    private static partial Regex GrpcLine();

    [GeneratedRegex("^  silo +port")]
    private static partial Regex SiloLine();

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int kill(int pid, int signal);
}
