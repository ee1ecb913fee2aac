using System.Text.Json.Nodes;
using IntegrationTests.Infrastructure;

namespace IntegrationTests;

/// <summary>What both programs tell .NET before they start.</summary>
public sealed class RuntimeSettingsTests
{
    [Theory]
    [InlineData("src/Api", "OrleansInference.Api")]
    [InlineData("src/Silo", "OrleansInference.Silo")]
    public async Task Program_ThreadsOfThePool_SleepSoonerThanByDefault(string project, string name)
    {
        var file = Path.ChangeExtension(Repository.Assembly(project, name), ".runtimeconfig.json");

        var settings = JsonNode.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken))!["runtimeOptions"]!["configProperties"]!;

        // .NET's own is 70.
        Assert.Equal(30, settings["System.Threading.ThreadPool.UnfairSemaphoreSpinLimit"]!.GetValue<int>());
    }
}
