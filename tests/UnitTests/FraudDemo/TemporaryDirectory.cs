namespace OrleansInference.UnitTests.Demo;

internal sealed class TemporaryDirectory : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("fraud-demo-");

    public IEnumerable<string> FileNames => _directory.EnumerateFiles().Select(file => file.Name).Order();

    public string PathOf(string file) => Path.Combine(_directory.FullName, file);

    public void Dispose() => _directory.Delete(recursive: true);
}
