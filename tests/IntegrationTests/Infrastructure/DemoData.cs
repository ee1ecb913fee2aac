using FraudDemo;

namespace IntegrationTests.Infrastructure;

/// <summary>The demo's database, made once for all tests and copied into each data directory: making it takes seconds.</summary>
internal static class DemoData
{
    private static readonly Lazy<Task<string>> Made = new(MakeAsync);

    /// <summary>Puts the demo's database into a data directory, so that a start with the demo is a later start.</summary>
    public static async Task CopyToAsync(string dataDirectory)
    {
        Directory.CreateDirectory(dataDirectory);
        File.Copy(await Made.Value, Path.Combine(dataDirectory, FraudDatabase.FileName));
    }

    private static async Task<string> MakeAsync()
    {
        var directory = Directory.CreateTempSubdirectory("inference-demo-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory, recursive: true);
        var file = Path.Combine(directory, FraudDatabase.FileName);
        await FraudDatabase.EnsureAsync(file, FraudDatabase.DemoOptions(DateOnly.FromDateTime(DateTime.UtcNow)));
        return file;
    }
}
