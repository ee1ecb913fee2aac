using System.Globalization;
using Microsoft.Extensions.Hosting;
using OrleansInference.Grains;

namespace OrleansInference.Silo;

/// <summary>Holds the data directory for one process: two on the same databases would give one user two owners.</summary>
/// <remarks>The lock is the system's and ends with the process, however it ends; the file's text only names the holder.</remarks>
public sealed class DataDirectoryLock : IHostedService, IDisposable
{
    private readonly FileStream _file;

    private DataDirectoryLock(FileStream file) => _file = file;

    /// <summary>Creates the directory where needed and takes it.</summary>
    /// <exception cref="InferenceStartupException">Another process has it, or it cannot be written.</exception>
    public static DataDirectoryLock Acquire(string directory)
    {
        var path = Path.Combine(directory, "lock");
        try
        {
            Directory.CreateDirectory(directory);
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            file.SetLength(0);
            file.Write(System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            file.Flush();
            return new DataDirectoryLock(file);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new InferenceStartupException($"The data directory {directory} cannot be written: {e.Message} Set Inference:DataDirectory to another one.");
        }
        catch (IOException e)
        {
            throw new InferenceStartupException(
                $"The data directory {directory} cannot be taken: {Holder(path) ?? e.Message} Stop that process, or set Inference:DataDirectory to another directory.");
        }
    }

    // Held from before the start until after the stop; a hosted service only so that the host disposes it.
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _file.Dispose();

    private static string? Holder(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var text = new StreamReader(file);
            return text.ReadToEnd() is { Length: > 0 } id ? $"the process {id} is using it." : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
