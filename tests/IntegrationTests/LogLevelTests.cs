using System.Text.RegularExpressions;
using IntegrationTests.Infrastructure;

namespace IntegrationTests;

/// <summary>What the program's own log says, whatever is said of Orleans'.</summary>
public sealed partial class LogLevelTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("Inference:Demo=false")]
    [InlineData("Logging:LogLevel:Orleans=Warning")]
    public async Task Start_OwnLevelNotSaid_TellsOfItsModels(string setting)
    {
        await using var server = await StartAsync(setting);

        await server.WaitForLinesAsync(Loaded());
    }

    [Fact]
    public async Task Start_OwnLevelIsWarning_TellsNothingOfItsModels()
    {
        await using var server = await StartAsync("Logging:LogLevel:OrleansInference=Warning");

        // All that was logged is printed by then.
        await server.StopAsync();

        Assert.DoesNotMatch(Loaded(), server.Output);
    }

    private Task<ServerProcess> StartAsync(string setting) => ServerProcess.StartApiAsync(
        $"--Inference:DataDirectory={_directory.File("data")}", $"--Inference:ModelRepository:Path={_directory.CopyTestModels("identity")}", $"--{setting}");

    [GeneratedRegex("Model identity/1 loaded in")]
    private static partial Regex Loaded();
}
