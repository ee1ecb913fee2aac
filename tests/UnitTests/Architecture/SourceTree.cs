namespace UnitTests.Architecture;

/// <summary>The source tree that the tests were built from.</summary>
internal static class SourceTree
{
    public static string Root { get; } = FindRoot();

    public static string File(params string[] path) => Path.Combine([Root, .. path]);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!System.IO.File.Exists(Path.Combine(folder.FullName, "OrleansInference.sln"))) folder = folder.Parent!;
        return folder.FullName;
    }
}
