using Microsoft.Extensions.Configuration;
using OrleansInference.Grains;

namespace OrleansInference.Silo;

/// <summary>Where data and models lie, made absolute: settings count from the caller's directory, defaults from the program.</summary>
public sealed record InferencePaths(string DataDirectory, string ModelRepository, string ShippedModelRepository)
{
    private const string DataSetting = "Inference:DataDirectory";
    private const string ModelSetting = "Inference:ModelRepository:Path";
    private const string BlobSection = "Inference:ModelRepository:Blob";
    private const string CacheSetting = $"{BlobSection}:CacheDirectory";

    /// <summary>Reads the settings and puts the absolute paths in their place.</summary>
    /// <exception cref="InferenceStartupException">Models are to come from a folder and from a container.</exception>
    public static InferencePaths Resolve(IConfigurationManager configuration)
    {
        var home = FindHome(AppContext.BaseDirectory);
        var shipped = Path.Combine(home, "models");
        var data = configuration[DataSetting] is { Length: > 0 } dataSetting ? Path.GetFullPath(dataSetting) : Path.Combine(home, "data");
        var models = configuration.GetSection(BlobSection).Exists() ? ResolveCache(configuration, data)
            : configuration[ModelSetting] is { Length: > 0 } modelSetting ? Path.GetFullPath(modelSetting) : shipped;
        configuration.AddInMemoryCollection([new(DataSetting, data), new(ModelSetting, models)]);
        return new InferencePaths(data, models, shipped);
    }

    // Models of a container are served from their copies.
    private static string ResolveCache(IConfigurationManager configuration, string data)
    {
        if (configuration[ModelSetting] is { Length: > 0 } folder)
            throw new InferenceStartupException($"{ModelSetting} is '{folder}', and {BlobSection} names a container. Remove one: models come from a folder or from a container.");
        var cache = configuration[CacheSetting] is { Length: > 0 } setting ? Path.GetFullPath(setting) : Path.Combine(data, "model-cache");
        configuration.AddInMemoryCollection([new(CacheSetting, cache)]);
        return Path.Combine(cache, "models");
    }

    // The repository's root when run from source, else the program's own folder.
    private static string FindHome(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "OrleansInference.sln"))) return folder.FullName;
        }

        return start;
    }
}
