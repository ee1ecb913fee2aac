using Microsoft.Extensions.Configuration;
using OrleansInference.Grains;
using OrleansInference.Silo;

namespace UnitTests.Silo;

/// <summary>Where models lie: in a folder, or in the copies of a container.</summary>
public sealed class InferencePathsTests : IDisposable
{
    private readonly ConfigurationManager _configuration = new();

    public void Dispose() => _configuration.Dispose();

    [Fact]
    public void Resolve_ModelsInAContainer_AreTheCopiesInTheDataDirectory()
    {
        _configuration.AddInMemoryCollection([new("Inference:DataDirectory", "/data"), new("Inference:ModelRepository:Blob:Container", "models")]);

        var paths = InferencePaths.Resolve(_configuration);

        Assert.Equal(Path.Combine("/data", "model-cache", "models"), paths.ModelRepository);
        Assert.Equal(Path.Combine("/data", "model-cache"), _configuration["Inference:ModelRepository:Blob:CacheDirectory"]);
        Assert.Equal(paths.ModelRepository, _configuration["Inference:ModelRepository:Path"]);
    }

    [Fact]
    public void Resolve_CacheDirectoryGiven_IsTaken()
    {
        _configuration.AddInMemoryCollection([new("Inference:ModelRepository:Blob:Container", "models"), new("Inference:ModelRepository:Blob:CacheDirectory", "/cache")]);

        Assert.Equal(Path.Combine("/cache", "models"), InferencePaths.Resolve(_configuration).ModelRepository);
    }

    [Fact]
    public void Resolve_FolderAndContainer_IsRefused()
    {
        _configuration.AddInMemoryCollection([new("Inference:ModelRepository:Path", "/models"), new("Inference:ModelRepository:Blob:Container", "models")]);

        var fault = Assert.Throws<InferenceStartupException>(() => InferencePaths.Resolve(_configuration));

        Assert.Equal(
            "Inference:ModelRepository:Path is '/models', and Inference:ModelRepository:Blob names a container. Remove one: models come from a folder or from a container.", fault.Message);
    }
}
