using System.Globalization;
using Microsoft.Extensions.Hosting;
using OrleansInference.Grains;

namespace OrleansInference.Silo;

/// <summary>Holds the data directory for one process: two on the same databases would give one user two owners.</summary>
/// <remarks>
/// The lock is the system's and ends with the process, however it ends. Nobody else can read a locked file, so another one
/// names the holder.
/// </remarks>
public sealed class DataDirectoryLock : IHostedService, IDisposable
{
    private readonly FileStream _lock;
    private readonly string _holderFile;

    private DataDirectoryLock(FileStream held, string holderFile)
    {
        _lock = held;
        _holderFile = holderFile;
    }

    /// <summary>Creates the directory where needed and takes it.</summary>
    /// <exception cref="InferenceStartupException">Another process has it, or it cannot be written.</exception>
    public static DataDirectoryLock Acquire(string directory)
    {
        var holderFile = Path.Combine(directory, "lock.holder");
        try
        {
            Directory.CreateDirectory(directory);
            var held = new FileStream(Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(holderFile, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new DataDirectoryLock(held, holderFile);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new InferenceStartupException($"The data directory {directory} cannot be written: {e.Message} Set Inference:DataDirectory to another one.");
        }
        catch (IOException e)
        {
            var why = Holder(holderFile) is { } holder ? $"process {holder} is using it. Stop that process, or set" : $"{e.Message} Set";
            throw new InferenceStartupException($"The data directory {directory} cannot be taken: {why} Inference:DataDirectory to another directory.");
        }
    }

    // Held from before the start until after the stop; a hosted service only so that the host disposes it.
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        // Before the lock goes, or it would be the next holder's.
        File.Delete(_holderFile);
        _lock.Dispose();
    }

    private static string? Holder(string holderFile)
    {
        try
        {
            return File.ReadAllText(holderFile) is { Length: > 0 } id ? id : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
