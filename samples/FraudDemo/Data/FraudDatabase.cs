using Microsoft.Data.Sqlite;

namespace FraudDemo;

/// <summary>The demo's SQLite database: users, terminals and transactions as a bank would have them.</summary>
public static class FraudDatabase
{
    /// <summary>The usual name of the file.</summary>
    public const string FileName = "fraud.db";

    private const int DemoDays = 60;

    /// <summary>Another world than the default seed's, so that a model trained on that one meets users it has not seen.</summary>
    private const long DemoSeed = 1;

    private static readonly TimeSpan AbandonedAfter = TimeSpan.FromMinutes(10);

    /// <summary>The demo: 5,000 users, 10,000 terminals and 60 days ending <paramref name="today"/>, so that now has a past.</summary>
    public static FraudSimulationOptions DemoOptions(DateOnly today)
        => new() { Days = DemoDays, Start = today.AddDays(1 - DemoDays), Seed = DemoSeed };

    /// <summary>Simulates and writes the database if there is no file at <paramref name="path"/>; an existing one stays as it is.</summary>
    /// <remarks>
    /// All or nothing: the file is built under another name and renamed when complete, so a kill in the middle leaves no half-made
    /// database. Of two processes that build at once the first wins and the other discards its own.
    /// </remarks>
    /// <param name="path">The database file; its directory is made too.</param>
    /// <param name="options">What to simulate.</param>
    /// <param name="progress">Told a sentence before each step; not called when there is nothing to do.</param>
    /// <param name="cancellationToken">Ends the work between rows and leaves nothing behind.</param>
    public static Task EnsureAsync(
        string path, FraudSimulationOptions options, Action<string>? progress = null, CancellationToken cancellationToken = default)
        => File.Exists(path)
            ? Task.CompletedTask
            : Task.Factory.StartNew( // SQLite is synchronous: seconds of it belong on a thread of their own.
                () => Create(Path.GetFullPath(path), options, progress, cancellationToken),
                cancellationToken,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);

    /// <summary>Connection string of a reader; without pooling, so that closing the connection closes the file.</summary>
    public static string ReadOnlyConnectionString(string path)
        => new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString();

    private static void Create(string path, FraudSimulationOptions options, Action<string>? progress, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        DeleteAbandoned(path);
        var unfinished = $"{path}.{Guid.NewGuid():N}.unfinished";
        try
        {
            progress?.Invoke($"Simulating {options.Days} days of {options.Users} users from {options.Start:yyyy-MM-dd}.");
            new FraudDatabaseBuilder(unfinished, progress, cancellationToken).Build(FraudSimulator.Run(options));
            MoveUnlessExists(unfinished, path);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    private static void DeleteAbandoned(string path)
    {
        var files = new DirectoryInfo(Path.GetDirectoryName(path)!).EnumerateFiles($"{Path.GetFileName(path)}.*.unfinished");
        foreach (var file in files)
            if (TimeProvider.System.GetUtcNow() - file.LastWriteTimeUtc > AbandonedAfter) file.Delete();
    }

    private static void MoveUnlessExists(string unfinished, string path)
    {
        try
        {
            File.Move(unfinished, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was faster; its database is as good as this one.
        }
    }
}
