using Microsoft.Extensions.Configuration;
using OrleansInference.Grains;

namespace OrleansInference.Storage;

/// <summary>Which database keeps what. Section <c>Inference:Storage</c>.</summary>
/// <param name="Log">Prediction log and outbox. Setting <c>Provider</c>; default: Sqlite.</param>
/// <param name="GrainState">Snapshots of users, and what silos agree on for each model. Setting <c>GrainState</c>; default: where the log is.</param>
public sealed record StorageProviders(StorageProvider Log, StorageProvider GrainState)
{
    public const string LogSetting = "Inference:Storage:Provider";
    public const string GrainStateSetting = "Inference:Storage:GrainState";

    /// <summary>Whether anything is written to the embedded database.</summary>
    public bool UseSqlite => Log is StorageProvider.Sqlite || GrainState is StorageProvider.Sqlite;

    /// <exception cref="InferenceStartupException">There is no such provider.</exception>
    public static StorageProviders Read(IConfiguration configuration)
    {
        var log = Read(configuration, LogSetting, StorageProvider.Sqlite);
        var grainState = Read(configuration, GrainStateSetting, log);
        return grainState is StorageProvider.Sqlite || log is StorageProvider.PostgreSql
            ? new StorageProviders(log, grainState)
            : throw new InferenceStartupException($"{GrainStateSetting} is {grainState} and {LogSetting} is {log}. Set both to {grainState}: a cluster's log is shared like its state.");
    }

    private static StorageProvider Read(IConfiguration configuration, string setting, StorageProvider otherwise) =>
        configuration[setting] is not { Length: > 0 } name ? otherwise
        : Enum.GetNames<StorageProvider>().FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } found ? Enum.Parse<StorageProvider>(found)
        : throw new InferenceStartupException($"{setting} is '{name}'. Set it to Sqlite or PostgreSql.");
}
