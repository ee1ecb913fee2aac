namespace IntegrationTests.Infrastructure;

/// <summary>A directory of one test, gone with it.</summary>
internal sealed class TestDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("inference-test-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Copies a folder of models in as the model repository <c>models</c> and answers its path.</summary>
    public string CopyModels(string from, params string[] models)
    {
        var target = File("models");
        foreach (var file in models.SelectMany(model => Directory.EnumerateFiles(System.IO.Path.Combine(from, model), "*", SearchOption.AllDirectories)))
        {
            var copy = System.IO.Path.Combine(target, System.IO.Path.GetRelativePath(from, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(copy)!);
            System.IO.File.Copy(file, copy);
        }

        return target;
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A killed process may still be letting go of its files; the system's own cleaning takes the rest.
        }
    }
}
