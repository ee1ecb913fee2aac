namespace UnitTests.Fakes;

/// <summary>A directory of one test, gone after it.</summary>
internal sealed class TestDirectory : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("inference-unit-");

    public string Path => _directory.FullName;

    public string PathOf(params string[] parts) => System.IO.Path.Combine([_directory.FullName, .. parts]);

    /// <summary>Writes a file, with the folders above it.</summary>
    public string Write(string file, string text)
    {
        var path = PathOf(file);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
