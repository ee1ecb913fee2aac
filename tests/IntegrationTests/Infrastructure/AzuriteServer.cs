using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Storage.Blobs;

namespace IntegrationTests.Infrastructure;

/// <summary>A real Azurite (Azure's tables and blobs) on loopback ports with a folder of its own, which can be stopped and started again.</summary>
internal sealed partial class AzuriteServer : IAsyncDisposable
{
    private const string Account = "inferencetest";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestDirectory _folder = new();
    private readonly string _program;
    private readonly LoopbackCertificate? _certificate;
    private readonly (int Blobs, int Queues, int Tables) _ports = (FreePort.Find(), FreePort.Find(), FreePort.Find());
    private Process? _process;

    private AzuriteServer(string program, LoopbackCertificate? certificate) => (_program, _certificate) = (program, certificate);

    /// <summary>The account's key, which must be in no message and no log.</summary>
    public static string Secret { get; } = Convert.ToBase64String("not-for-logs-not-for-logs-not-for-logs-not-for-logs-not-for-logs"u8);

    /// <summary>As the provider's settings take it.</summary>
    public string ConnectionString => ConnectionStringWith(Secret);

    /// <summary>The addresses that an identity signs in to.</summary>
    public (Uri Tables, Uri Blobs) Addresses => (new Uri(AddressOf(_ports.Tables)), new Uri(AddressOf(_ports.Blobs)));

    public TableServiceClient Tables => new(ConnectionString, new TableClientOptions { Transport = Transport });

    public BlobServiceClient Blobs => new(ConnectionString, new BlobClientOptions { Transport = Transport });

    /// <summary>Makes a server and starts it; answers when it takes requests. With a certificate it speaks https, and takes bearer tokens beside its key.</summary>
    public static async Task<AzuriteServer> StartNewAsync(LoopbackCertificate? certificate = null)
    {
        var server = new AzuriteServer(Path.Combine(await NodePackages.FindAsync("azurite"), "dist", "src", "azurite.js"), certificate);
        try
        {
            await server.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The connection string with another key.</summary>
    public string ConnectionStringWith(string key) =>
        $"DefaultEndpointsProtocol={Scheme};AccountName={Account};AccountKey={key};BlobEndpoint={AddressOf(_ports.Blobs)};TableEndpoint={AddressOf(_ports.Tables)};";

    /// <summary>Starts the server on its data and waits until it takes requests.</summary>
    public async Task StartAsync()
    {
        var start = new ProcessStartInfo(
            "node",
            [
                _program, "--silent", "--disableTelemetry", "--skipApiVersionCheck", "--location", _folder.Path,
                "--blobPort", $"{_ports.Blobs}", "--queuePort", $"{_ports.Queues}", "--tablePort", $"{_ports.Tables}",
                .. _certificate is null ? Array.Empty<string>() : ["--oauth", "basic", "--cert", _certificate.File, "--key", _certificate.KeyFile],
            ])
        {
            WorkingDirectory = _folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["AZURITE_ACCOUNTS"] = $"{Account}:{Secret}";
        _process?.Dispose();
        _process = Process.Start(start)!;
        var printed = new PrintedLines();
        Follow(_process, printed);
        await printed.WaitAsync(Listening(), 3, Patience);
    }

    /// <summary>Asks the server to end, and waits until it has written its data.</summary>
    public async Task StopAsync()
    {
        if (_process is not { HasExited: false } running) return;
        await NodePackages.RunAsync("kill", ["-TERM", $"{running.Id}"], _folder.Path);
        await running.WaitForExitAsync().WaitAsync(Patience);
    }

    /// <summary>From now on the server takes connections and does not answer.</summary>
    public Task PauseAsync() => NodePackages.RunAsync("kill", ["-STOP", $"{_process!.Id}"], _folder.Path);

    /// <summary>The server answers again.</summary>
    public Task ResumeAsync() => NodePackages.RunAsync("kill", ["-CONT", $"{_process!.Id}"], _folder.Path);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process?.Dispose();
        _folder.Dispose();
    }

    private string Scheme => _certificate is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps;

    private HttpPipelineTransport Transport => _certificate is null ? HttpClientTransport.Shared : _certificate.Transport;

    private string AddressOf(int port) => string.Create(CultureInfo.InvariantCulture, $"{Scheme}://127.0.0.1:{port}/{Account}");

    private static void Follow(Process process, PrintedLines printed)
    {
        void Add(string? line)
        {
            if (line is not null) printed.Add(line);
        }

        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => printed.End();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    [GeneratedRegex("service is successfully listening at")]
    private static partial Regex Listening();
}
