namespace OrleansInference.DurablePredictions;

/// <summary>A folder on the disk of the working directory: a memory file system would make every commit free.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateDirectory(System.IO.Path.Combine(Environment.CurrentDirectory, "artifacts", $"durable-{Guid.NewGuid():N}")).FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
