using IntegrationTests.Infrastructure;
using Microsoft.Extensions.Hosting;
using OrleansInference.Api;
using OrleansInference.Silo;

namespace IntegrationTests;

/// <summary>A setting that cannot be used stops the start, and the operator is told its name, its value and the remedy.</summary>
public sealed class BrokenSettingTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("Inference:Models:Threads=many", "'many' at 'Inference:Models:Threads'", "Correct the setting.")]
    [InlineData("Inference:Models:Threads=1000", "Inference:Models:Threads is 1000", "or less.")]
    [InlineData("Inference:Demo=perhaps", "'perhaps' at 'Inference:Demo'", "Correct the setting.")]
    [InlineData("Inference:Silo:GatewayPort=open", "'open' at 'Inference:Silo:GatewayPort'", "Correct or remove the setting.")]
    [InlineData("Inference:Silo:GatewayPort=65536", "Inference:Silo:GatewayPort is 65536, which is no port.", "Set it to 1 to 65535")]
    [InlineData("Inference:DefaultModel=nonesuch", "Inference:DefaultModel is 'nonesuch'", "Name one of: (none).")]
    [InlineData("urls=http://192.0.2.1:80;Inference:Security:AllowAnonymous=true", "--urls holds 'http://192.0.2.1:80', which cannot be taken", "set --urls to another address.")]
    [InlineData("Inference:Snapshots:StopTimeout=00:00:30", "Inference:Snapshots:StopTimeout is 00:00:30, which is not less than Inference:Shutdown:Timeout = 00:00:30", "Lower the one, or raise the other.")]
    [InlineData("Inference:Outbox:MaxAttemps=3", "Inference:Outbox: ", "'MaxAttemps'")]
    [InlineData("Inference:Outbox:RetryDelay=00:01:00;Inference:Outbox:MaxRetryDelay=00:00:10", "RetryDelay = 00:01:00 is longer than MaxRetryDelay = 00:00:10.", "Lower the one, or raise the other.")]
    [InlineData("Inference:Webhooks:desk:Url=http://desk;Inference:Webhooks:desk:Secret=whsec_?", "Inference:Webhooks:desk:Secret is no key.", "or leave it out.")]
    public async Task Start_SettingBroken_NamesItItsValueAndTheRemedy(string settings, string told, string remedy) =>
        AssertTold(await StartAsync(settings.Split(';')), told, remedy);

    [Fact]
    public async Task Start_SiloAndGatewayOnOnePort_NamesBothSettings()
    {
        var port = FreePort.Find();

        AssertTold(
            await StartAsync($"Inference:Silo:Port={port}", $"Inference:Silo:GatewayPort={port}"),
            $"Inference:Silo:Port and Inference:Silo:GatewayPort are both {port}.",
            "Set two different ports.");
    }

    [Fact]
    public async Task Start_DataDirectoryIsFile_NamesTheSetting()
    {
        await File.WriteAllTextAsync(_directory.File("data"), "", TestContext.Current.CancellationToken);

        AssertTold(await StartAsync(), $"The data directory {_directory.File("data")} cannot be taken: ", "Set Inference:DataDirectory to another directory.");
    }

    [Fact]
    public async Task Start_NoDatabaseInDataDirectory_NamesTheFile()
    {
        Directory.CreateDirectory(_directory.File("data"));
        var file = Path.Combine(_directory.File("data"), "inference.db");
        await File.WriteAllTextAsync(file, new string('?', 200), TestContext.Current.CancellationToken);

        AssertTold(await StartAsync(), $"{file} cannot be brought up to date: ", "Repair or move the file, or set another Inference:DataDirectory.");
    }

    private static void AssertTold(string? fault, params string[] parts)
    {
        Assert.NotNull(fault);
        Assert.All(parts, part => Assert.Contains(part, fault, StringComparison.Ordinal));
    }

    // What the program would print: a start that succeeds or fails as a defect has nothing to tell.
    private async Task<string?> StartAsync(params string[] settings)
    {
        string[] args = [
            $"--Inference:DataDirectory={_directory.File("data")}",
            $"--Inference:ModelRepository:Path={_directory.CopyModels(Repository.TestModels, "identity")}",
            "--urls=http://127.0.0.1:0",
            .. settings.Select(setting => $"--{setting}")];
        var failure = await Record.ExceptionAsync(async () =>
        {
            await using var app = await ApiHost.BuildAsync(args);
            await app.StartInferenceAsync(TestContext.Current.CancellationToken);
        });
        return failure is null ? null : StartupFault.Describe(failure);
    }
}
