namespace IntegrationTests.Infrastructure;

/// <summary>Paths of the source tree that the tests run in.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Models => Path.Combine(Root, "models");

    /// <summary>ONNX models that only tests use.</summary>
    public static string TestModels => Path.Combine(Root, "tests", "models");

    /// <summary>Release or Debug, as the running tests.</summary>
    public static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    /// <summary>A built project's assembly, in the configuration of the running tests.</summary>
    public static string Assembly(string project, string name)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(Root, project, "bin", Configuration, output.Name, $"{name}.dll");
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "OrleansInference.sln"))) folder = folder.Parent!;
        return folder.FullName;
    }
}
