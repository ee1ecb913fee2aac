using IntegrationTests.Infrastructure;
using Microsoft.Extensions.Configuration;
using OrleansInference.Silo;

namespace IntegrationTests;

/// <summary>What is set counts from the caller's directory; what is not set does not depend on it.</summary>
public sealed class WorkingDirectoryTests
{
    [Fact]
    public async Task Start_ElsewhereWithRelativeDataDirectory_TakesDataFromThereAndModelsFromHome()
    {
        using var directory = new TestDirectory();
        await DemoData.CopyToAsync(directory.File("my-data"));
        await using var server = await ServerProcess.StartApiInAsync(directory.Path, "--Inference:DataDirectory=my-data");

        Assert.Contains($"data      {directory.File("my-data")}", server.Output, StringComparison.Ordinal);
        Assert.Contains($"models    {Repository.Models}", server.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(directory.File("my-data/inference.db")));
    }

    [Fact]
    public void Resolve_NothingSet_CountsFromTheProgram()
    {
        using var configuration = new ConfigurationManager();
        var paths = InferencePaths.Resolve(configuration);

        Assert.Equal((Path.Combine(Repository.Root, "data"), Repository.Models), (paths.DataDirectory, paths.ModelRepository));
    }
}
