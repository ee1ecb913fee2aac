using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Azure.Data.Tables;
using IntegrationTests.Infrastructure;

namespace IntegrationTests.Cluster;

/// <summary>Redis, PostgreSQL, Azurite for grain state, the demo's services, three silos and two APIs as processes of their own, by <c>tests/cluster/cluster.sh</c>.</summary>
public sealed class ClusterProcesses : IAsyncLifetime
{
    private const int Stop = 19;
    private const int Continue = 18;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    // In each run with patience, as for the deadline.
    private static readonly string Settings = Soak.Whole
        ? "--Inference:Models:Threads=1 --Inference:GrainState:StartTimeout=00:02:00"
        : "--Inference:Models:Threads=1 --Inference:GrainState:StartTimeout=00:02:00 --Inference:Cluster:ProbeTimeout=00:00:02 --Inference:Cluster:StartTimeout=00:02:00 --Inference:PostgreSql:ConnectTimeout=00:00:10 --Inference:PostgreSql:CommandTimeout=00:00:20";

    private static readonly string[] Servers = ["redis", "postgres", "azurite", "webhooks"];
    private static readonly string[] Silos = ["silo-1", "silo-2", "silo-3"];

    private readonly TestDirectory _directory = new();
    private readonly int _ports = FreePort.FindHundred();

    /// <summary>A prediction's. Longer in each run: these are not about a busy machine's time.</summary>
    internal static TimeSpan Deadline { get; } = TimeSpan.FromSeconds(Soak.Rounds(inEachRun: 25, whole: 5));

    /// <summary>One for each API.</summary>
    internal IReadOnlyList<HttpClient> Apis { get; private set; } = [];

    /// <summary>What the silos say of themselves.</summary>
    internal ClusterMembers Members { get; private set; } = null!;

    /// <summary>What silos write to.</summary>
    internal ClusterDatabase Database => new(string.Create(
        CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_ports + 1};Database=postgres;Username=postgres;Password={File.ReadAllText(Path.Combine(_directory.File("run"), "password"))}"));

    /// <summary>Makes another API a client of this cluster.</summary>
    internal string[] ClientSettings => [
        "--environment=Cluster",
        "--Inference:Mode=Client",
        string.Create(CultureInfo.InvariantCulture, $"--Inference:Cluster:Redis=127.0.0.1:{_ports}"),
        string.Create(CultureInfo.InvariantCulture, $"--Inference:Predictions:Deadline={Deadline:c}"),
    ];

    public async ValueTask InitializeAsync()
    {
        var demo = _directory.File("demo-data");
        await DemoData.CopyToAsync(demo);
        // The user whom PostgreSQL runs as must reach its data.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_directory.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        try
        {
            await RunAsync("start");
        }
        catch
        {
            await RunAsync("stop");
            throw;
        }

        Apis = [Api(1), Api(2)];
        Members = await ClusterMembers.ConnectAsync(_ports);
        if (Soak.Whole) await WarmUpAsync();
    }

    /// <summary>Starts one process, which is no error where it runs; answers when it is up.</summary>
    internal Task StartAsync(string name) => RunAsync("start", name);

    /// <summary>Stops one process gracefully; answers when it has ended.</summary>
    internal Task StopAsync(string name) => RunAsync("stop", name);

    /// <summary>SIGKILL: it ends where it stands.</summary>
    internal Task KillAsync(string name) => RunAsync("kill", name);

    /// <summary>SIGSTOP: it neither runs nor ends.</summary>
    internal void Pause(string name) => Send(name, Stop);

    /// <summary>SIGCONT: it goes on where it stood.</summary>
    internal void Resume(string name) => Send(name, Continue);

    /// <summary>Whether the process is there and has not ended.</summary>
    internal bool IsRunning(string name)
    {
        try
        {
            // The state follows the name, which is in parentheses; Z: nobody has asked for its exit code yet.
            var stat = File.ReadAllText($"/proc/{ProcessId(name)}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }

    internal int SiloPort(string silo) => _ports + 10 + int.Parse(silo.AsSpan("silo-".Length), CultureInfo.InvariantCulture);

    /// <summary>What a process has printed, over all its starts.</summary>
    internal string Output(string name) => File.ReadAllText(Path.Combine(_directory.File("run"), "logs", $"{name}.log"));

    /// <summary>A counter of a silo, summed over its labels; 0 where it has not counted or cannot be asked.</summary>
    internal async Task<double> ReadMetricAsync(string silo, string counter)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        try
        {
            var text = await http.GetStringAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{SiloPort(silo) + 70}/metrics")));
            return text.Split('\n').Where(line => line.StartsWith($"{counter}{{", StringComparison.Ordinal)).Sum(line => double.Parse(line.Split("} ")[1].Split(' ')[0], CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return 0;
        }
    }

    /// <summary>How many users of that prefix have a snapshot in Azurite.</summary>
    internal async Task<int> CountSnapshotsAsync(string prefix)
    {
        var key = await File.ReadAllTextAsync(Path.Combine(_directory.File("run"), "azure-key"));
        var table = new TableClient($"DefaultEndpointsProtocol=http;AccountName=cluster;AccountKey={key};TableEndpoint=http://127.0.0.1:{_ports + 4}/cluster;", "OrleansGrainState");
        return await table.QueryAsync<TableEntity>(select: ["PartitionKey"]).CountAsync(row => row.PartitionKey.Contains($"!{prefix}", StringComparison.Ordinal));
    }

    /// <summary>A client of the API with that number, or of the host.</summary>
    internal HttpClient Api(int number) => new() { BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_ports + 50 + number}")) };

    /// <summary>Starts what a test before has left stopped, and waits until the cluster is whole.</summary>
    internal async Task MakeWholeAsync()
    {
        foreach (var name in Servers.Concat(Silos).Where(IsRunning)) Resume(name);
        foreach (var name in Servers.Where(name => !IsRunning(name))) await StartAsync(name);
        if (Silos.Where(name => !IsRunning(name)).ToArray() is { Length: > 0 } missing) await RunAsync(["start", .. missing]);
        await Members.WaitForActiveAsync(Silos.Length);
    }

    public async ValueTask DisposeAsync()
    {
        if (Members is not null) await Members.DisposeAsync();
        foreach (var api in Apis) api.Dispose();
        await RunAsync("stop");
        _directory.Dispose();
    }

    internal int ProcessId(string name) => int.Parse(File.ReadAllText(Path.Combine(_directory.File("run"), $"{name}.pid")).Split(' ')[0], CultureInfo.InvariantCulture);

    // Nothing is compiled yet, and their deadline is not for that.
    private async Task WarmUpAsync() => await Task.WhenAll(Enumerable.Range(0, 200).Select(user => Apis[user % Apis.Count].PostJsonAsync("/predict", $$"""{"user_id": "warm-{{user}}", "raw_feature": "3156", "amount": 1}""")));

    private void Send(string name, int signal)
    {
        var id = ProcessId(name);
        if (kill(id, signal) != 0) throw new InvalidOperationException($"{name}, process {id}, took no signal {signal}");
    }

    // Its output goes to a file: what it starts in the background would hold a pipe open.
    private async Task RunAsync(params string[] args)
    {
        var output = _directory.File("script.log");
        var start = new ProcessStartInfo("bash", ["-c", "exec \"$0\" \"${@:2}\" > \"$1\" 2>&1 < /dev/null", Path.Combine(Repository.Root, "tests", "cluster", "cluster.sh"), output, .. args]);
        start.Environment["CLUSTER_DIR"] = _directory.File("run");
        start.Environment["CLUSTER_PORTS"] = _ports.ToString(CultureInfo.InvariantCulture);
        start.Environment["CLUSTER_DEMO_DATA"] = _directory.File("demo-data");
        start.Environment["CLUSTER_DEADLINE"] = Deadline.ToString("c", CultureInfo.InvariantCulture);
        start.Environment["CLUSTER_SETTINGS"] = Settings;
        start.Environment["CLUSTER_GRAIN_STATE"] = "AzureTable";
        start.Environment["CONFIGURATION"] = Repository.Configuration;
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync().WaitAsync(Patience);
        if (process.ExitCode != 0) throw new InvalidOperationException($"cluster.sh {string.Join(' ', args)} failed:\n{await File.ReadAllTextAsync(output)}");
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int kill(int pid, int signal);
}
