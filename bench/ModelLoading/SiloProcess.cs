using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

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

    /// <summary>Starts the silo that was built beside this program, with models that <paramref name="fill"/> puts into its repository, and waits until it is up.</summary>
    public static async Task<SiloProcess> StartAsync(string root, Action<string> fill, params string[] settings)
    {
        var directory = Directory.CreateTempSubdirectory("inference-bench-").FullName;
        fill(Path.Combine(directory, "models"));
        var port = FindFreePort();
        string[] command =
        [
            FindSilo(root),
            $"--Inference:DataDirectory={Path.Combine(directory, "data")}",
            $"--Inference:ModelRepository:Path={Path.Combine(directory, "models")}",
            $"--Inference:Silo:GatewayPort={port}",
            .. settings,
        ];
        var process = Process.Start(new ProcessStartInfo("dotnet", command) { RedirectStandardOutput = true })!;
        var silo = new SiloProcess(process, directory, port);
        await silo.WaitUntilUpAsync();
        return silo;
    }

    /// <summary>A client of the silo.</summary>
    public static async Task<IHost> ConnectAsync(int gatewayPort)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.UseOrleansClient(client => client
            .UseStaticClustering(new IPEndPoint(IPAddress.Loopback, gatewayPort))
            .Configure<ClusterOptions>(options => (options.ServiceId, options.ClusterId) = ("orleans-inference", "embedded")));
        builder.Services.AddInferenceClient();
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    /// <summary>The repository that this program was built in.</summary>
    public static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "OrleansInference.sln"))) folder = folder.Parent!;
        return folder.FullName;
    }

    /// <summary>Puts version 1 of a model's folder into a repository, under a name and number of its own.</summary>
    public static void CopyVersion(string from, string models, string name, int version = 1)
    {
        var folder = Path.Combine(models, name, version.ToString(CultureInfo.InvariantCulture));
        Directory.CreateDirectory(folder);
        File.Copy(Path.Combine(from, "1", "model.onnx"), Path.Combine(folder, "model.onnx"));
    }

    /// <summary>A port that nobody listens on.</summary>
    public static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
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

    private static string FindSilo(string root)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(root, "src", "Silo", "bin", output.Parent!.Name, output.Name, "OrleansInference.Silo.dll");
    }
}
