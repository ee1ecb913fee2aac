using Microsoft.Extensions.Configuration;

namespace OrleansInference.Silo;

/// <summary>Where data and models lie, made absolute: settings count from the caller's directory, defaults from the program.</summary>
public sealed record InferencePaths(string DataDirectory, string ModelRepository, string ShippedModelRepository)
{
    private const string DataSetting = "Inference:DataDirectory";
    private const string ModelSetting = "Inference:ModelRepository:Path";

    /// <summary>Reads the settings and puts the absolute paths in their place.</summary>
    public static InferencePaths Resolve(IConfigurationManager configuration)
    {
        var home = FindHome(AppContext.BaseDirectory);
        var shipped = Path.Combine(home, "models");
        var data = configuration[DataSetting] is { Length: > 0 } dataSetting ? Path.GetFullPath(dataSetting) : Path.Combine(home, "data");
        var models = configuration[ModelSetting] is { Length: > 0 } modelSetting ? Path.GetFullPath(modelSetting) : shipped;
        configuration.AddInMemoryCollection([new(DataSetting, data), new(ModelSetting, models)]);
        return new InferencePaths(data, models, shipped);
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
