using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using OrleansInference.SideBySide.Load;

namespace OrleansInference.SideBySide.Servers;

/// <summary>A contender's processes: started on a free port, stopped and continued as their turn comes, and killed at the end.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const int Stop = 19;
    private const int Continue = 18;
    private const int Terminate = 15;

    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly string _name;

    private readonly ServerPorts _ports;

    private ServerProcess(ServerCommand command, Process process, ServerPorts ports)
    {
        _name = command.Name;
        LongestWarmUp = command.LongestWarmUp;
        _process = process;
        _ports = ports;
    }

    public int Port => _ports.Http;

    public int GrpcPort => _ports.Grpc;

    /// <summary>From the start of the process to the first 200 of its health address.</summary>
    public TimeSpan ReadyAfter { get; private set; }

    public TimeSpan LongestWarmUp { get; }

    public ProcessTree Tree => new(_process.Id);

    public static async Task<ServerProcess> StartAsync(ServerCommand command, string logFile, CancellationToken cancellationToken)
    {
        var ports = new ServerPorts(FindFreePort(), FindFreePort());
        var start = new ProcessStartInfo(command.Program, command.Arguments(ports)) { WorkingDirectory = command.Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in command.Environment(ports)) start.Environment[name] = value;
        // Settings of the load generator are not the servers'.
        start.Environment.Remove("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS");
        var startedAt = Stopwatch.GetTimestamp();
        var server = new ServerProcess(command, Process.Start(start)!, ports);
        server.KeepOutput(logFile);
        try
        {
            await server.UntilReadyAsync(command.HealthPath, cancellationToken);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }

        server.ReadyAfter = Stopwatch.GetElapsedTime(startedAt);
        return server;
    }

    /// <summary>Stops it where it is, so that it takes no core from the others.</summary>
    public void Pause() => Tree.Signal(Stop);

    public void Resume() => Tree.Signal(Continue);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Tree.Signal(Continue);
            Tree.Signal(Terminate);
            using var patience = new CancellationTokenSource(EndPatience);
            await _process.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private void KeepOutput(string file)
    {
        var log = TextWriter.Synchronized(new StreamWriter(file) { AutoFlush = true });
        _process.OutputDataReceived += (_, line) => log.WriteLine(line.Data);
        _process.ErrorDataReceived += (_, line) => log.WriteLine(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        LogFile = file;
    }

    private string LogFile { get; set; } = "";

    private async Task UntilReadyAsync(string path, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(StartPatience);
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        do
        {
            if (_process.HasExited) throw new InvalidOperationException($"{_name} ended with {_process.ExitCode} before it was ready; see {LogFile}.");
            try
            {
                using var exchange = await HttpExchange.ConnectAsync(Port, patience.Token);
                if (await exchange.SendAsync(HttpExchange.Get(path), patience.Token) == 200) return;
            }
            catch (Exception e) when (e is SocketException or InvalidOperationException)
            {
                // It does not listen yet.
            }
        }
        while (await poll.WaitForNextTickAsync(patience.Token));
    }

    private static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
