using System.Text.RegularExpressions;
using IntegrationTests.Infrastructure;

namespace IntegrationTests;

/// <summary>A settings file that changes while the program runs, and what it costs to notice it.</summary>
public sealed partial class SettingsFileTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TestDirectory _directory = new();
    private readonly string _environment = $"test-{Guid.NewGuid():N}";

    // Beside the program, where the host looks for it; no other process has an environment of this name.
    private string Settings => Path.Combine(Path.GetDirectoryName(Repository.Assembly("src/Api", "OrleansInference.Api"))!, $"appsettings.{_environment}.json");

    public void Dispose()
    {
        File.Delete(Settings);
        _directory.Dispose();
    }

    [Fact]
    public async Task Change_LogLevel_HoldsWithoutARestart()
    {
        await File.WriteAllTextAsync(Settings, """{ "Logging": { "LogLevel": { "OrleansInference": "Warning" } } }""", TestContext.Current.CancellationToken);
        await using var server = await StartAsync();
        await ReloadAsync(server);
        Assert.DoesNotMatch(Loaded(), server.Output);

        await File.WriteAllTextAsync(Settings, """{ "Logging": { "LogLevel": { "OrleansInference": "Information" } } }""", TestContext.Current.CancellationToken);

        using var patience = new CancellationTokenSource(Patience);
        while (!Loaded().IsMatch(server.Output))
        {
            patience.Token.ThrowIfCancellationRequested();
            await ReloadAsync(server);
        }
    }

    [Fact]
    public async Task Start_FoldersBesideTheProgram_AreNotWatched()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells what a process watches.");
        await using var server = await StartAsync();

        var watches = Directory.EnumerateFiles($"/proc/{server.Id}/fdinfo").SelectMany(File.ReadLines).Where(line => line.StartsWith("inotify", StringComparison.Ordinal));

        Assert.Empty(watches);
    }

    private static async Task ReloadAsync(ServerProcess server)
    {
        foreach (var change in new[] { "unload", "load" })
            using (var answer = await server.Http.PostAsync($"/v2/repository/models/identity/{change}", null)) answer.EnsureSuccessStatusCode();
    }

    private Task<ServerProcess> StartAsync() => ServerProcess.StartApiWithAsync(
        new Dictionary<string, string> { ["DOTNET_ENVIRONMENT"] = _environment, ["ASPNETCORE_ENVIRONMENT"] = _environment },
        $"--Inference:DataDirectory={_directory.File("data")}",
        $"--Inference:ModelRepository:Path={_directory.CopyTestModels("identity")}");

    [GeneratedRegex("Model identity/1 loaded in")]
    private static partial Regex Loaded();
}
