namespace OrleansInference.Silo;

/// <summary>How a change of <c>appsettings.json</c> is noticed while the program runs: log levels follow it.</summary>
public static class SettingsFiles
{
    private const string Polling = "DOTNET_USE_POLLING_FILE_WATCHER";

    /// <summary>Has the files looked at every few seconds, unless the environment says otherwise. Before the host's builder is made.</summary>
    /// <remarks>
    /// The host would watch all folders below the program's. A published program has its databases there, and each page that is
    /// written would be an event: a quarter fewer recorded predictions a second (docs/benchmarks.md).
    /// </remarks>
    public static void Poll()
    {
        if (Environment.GetEnvironmentVariable(Polling) is null) Environment.SetEnvironmentVariable(Polling, "1");
    }
}
