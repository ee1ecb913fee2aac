using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace OrleansInference.ModelLoading;

/// <summary>A silo as a process of its own, with a model repository of copies.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly string _directory;

    private SiloProcess(Process process, string directory, int gatewayPort)
    {
        _process = process;
        _directory = directory;
        GatewayPort = gatewayPort;
    }

    public int GatewayPort { get; }

    /// <summary>Starts the silo that was built beside this program and waits until it is up.</summary>
    public static async Task<SiloProcess> StartAsync(string root, params string[] modelFolders)
    {
        var directory = Directory.CreateTempSubdirectory("inference-bench-").FullName;
        foreach (var folder in modelFolders) CopyVersion(folder, Path.Combine(directory, "models", Path.GetFileName(folder)));
        var port = FindFreePort();
        string[] command =
        [
            FindSilo(root),
            $"--Inference:DataDirectory={Path.Combine(directory, "data")}",
            $"--Inference:ModelRepository:Path={Path.Combine(directory, "models")}",
            $"--Inference:Silo:GatewayPort={port}",
        ];
        var process = Process.Start(new ProcessStartInfo("dotnet", command) { RedirectStandardOutput = true })!;
        var silo = new SiloProcess(process, directory, port);
        await silo.WaitUntilUpAsync();
        return silo;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task WaitUntilUpAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        while (await _process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            if (!line.Contains("Ctrl-C stops it", StringComparison.Ordinal)) continue;
            _ = _process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
            return;
        }

        throw new InvalidOperationException($"The silo ended with {_process.ExitCode} before it was up.");
    }

    private static void CopyVersion(string from, string to)
    {
        Directory.CreateDirectory(Path.Combine(to, "1"));
        File.Copy(Path.Combine(from, "1", "model.onnx"), Path.Combine(to, "1", "model.onnx"));
    }

    private static string FindSilo(string root)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(root, "src", "Silo", "bin", output.Parent!.Name, output.Name, "OrleansInference.Silo.dll");
    }

    private static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
