using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using IntegrationTests.Infrastructure;

namespace IntegrationTests;

/// <summary>What one instance owes to the others on its machine: nobody's data or port is taken.</summary>
public sealed partial class InstanceTests : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly string _models;

    public InstanceTests() => _models = _directory.CopyModels(Repository.TestModels, "identity");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Start_DataDirectoryInUse_NamesItsHolder()
    {
        await using var first = await ServerProcess.StartApiAsync(Settings("data"));
        var second = await ServerProcess.RunApiToEndAsync([.. Settings("data"), "--urls=http://127.0.0.1:0"]);

        AssertRefused(second, $"The data directory {_directory.File("data")} cannot be taken", $"process {first.Id} ", "Inference:DataDirectory");
    }

    [Fact]
    public async Task Start_HolderOfDataDirectoryKilled_TakesItAtOnce()
    {
        await using var first = await ServerProcess.StartApiAsync(Settings("data"));
        await first.KillAsync();
        await using var second = await ServerProcess.StartApiAsync(Settings("data"));

        await AssertAnswersAsync(second);
    }

    [Fact]
    public async Task Start_OtherDataDirectory_RunsBeside()
    {
        await using var first = await ServerProcess.StartApiAsync(Settings("data"));
        await using var second = await ServerProcess.StartApiAsync(Settings("other"));

        await AssertAnswersAsync(first);
        await AssertAnswersAsync(second);
    }

    [Theory]
    [InlineData("GatewayPort")]
    [InlineData("Port")]
    public async Task Start_SiloPortTaken_NamesTheSetting(string setting)
    {
        using var holder = Listen(out var port);
        var run = await ServerProcess.RunApiToEndAsync([.. Settings("data"), "--urls=http://127.0.0.1:0", $"--Inference:Silo:{setting}={port}"]);

        AssertRefused(run, $"Inference:Silo:{setting} is {port}, but that port cannot be taken", "Set another one.");
    }

    [Fact]
    public async Task Start_RestPortTaken_NamesTheSetting()
    {
        using var holder = Listen(out var port);
        var run = await ServerProcess.RunApiToEndAsync([.. Settings("data"), $"--urls=http://127.0.0.1:{port}"]);

        AssertRefused(run, $"http://127.0.0.1:{port}", "Address already in use", "set --urls to another address");
    }

    [Fact]
    public async Task Start_PortsOfInstanceJustStopped_TakesThem()
    {
        string[] settings = [.. Settings("data"), $"--urls=http://127.0.0.1:{FreePort.Find()}", $"--Inference:Silo:GatewayPort={FreePort.Find()}"];
        await using var first = await ServerProcess.StartApiAsync(settings);
        await AssertAnswersAsync(first);
        Assert.Equal(0, await first.StopAsync());

        await using var second = await ServerProcess.StartApiAsync(settings);
        await AssertAnswersAsync(second);
    }

    [Fact]
    public async Task Start_UrlsWithPort0_PrintsTheRealPort()
    {
        await using var server = await ServerProcess.StartApiAsync(Settings("data"));

        await AssertAnswersAsync(server);
        Assert.NotEqual(0, server.Http.BaseAddress!.Port);
        Assert.DoesNotContain("warn:", server.Output, StringComparison.Ordinal);
    }

    private string[] Settings(string dataDirectory) =>
        [$"--Inference:DataDirectory={_directory.File(dataDirectory)}", $"--Inference:ModelRepository:Path={_models}"];

    private static TcpListener Listen(out int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        port = ((IPEndPoint)listener.LocalEndpoint).Port;
        return listener;
    }

    private static async Task AssertAnswersAsync(ServerProcess server) =>
        Assert.Equal("ready", (await server.Http.GetJsonAsync("/health/ready")).GetProperty("status").GetString());

    private static void AssertRefused(ProgramRun run, params string[] told)
    {
        Assert.Equal(1, run.ExitCode);
        Assert.All(told, part => Assert.Contains(part, run.Errors, StringComparison.Ordinal));
        Assert.DoesNotMatch(StackTrace(), run.Output);
    }

    [GeneratedRegex(@"^ +at .*\(", RegexOptions.Multiline)]
    private static partial Regex StackTrace();
}
