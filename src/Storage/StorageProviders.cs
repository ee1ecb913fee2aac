using Microsoft.Extensions.Configuration;
using OrleansInference.Grains;

namespace OrleansInference.Storage;

/// <summary>Which database keeps what.</summary>
/// <param name="Log">Prediction log and outbox. Setting <c>Inference:Storage:Provider</c>; default: Sqlite.</param>
/// <param name="GrainState">Snapshots of users, and what silos agree on for each model. Setting <c>Inference:GrainState:Provider</c>; default: where the log is.</param>
public sealed record StorageProviders(StorageProvider Log, GrainStateProvider GrainState)
{
    public const string LogSetting = "Inference:Storage:Provider";
    public const string GrainStateSetting = "Inference:GrainState:Provider";

    /// <summary>Whether anything is written to the embedded database.</summary>
    public bool UseSqlite => Log is StorageProvider.Sqlite || GrainState is GrainStateProvider.Sqlite;

    /// <exception cref="InferenceStartupException">There is no such provider.</exception>
    public static StorageProviders Read(IConfiguration configuration)
    {
        var log = Read(configuration, LogSetting, StorageProvider.Sqlite);
        var grainState = Read(configuration, GrainStateSetting, log is StorageProvider.Sqlite ? GrainStateProvider.Sqlite : GrainStateProvider.PostgreSql);
        return grainState is GrainStateProvider.PostgreSql && log is StorageProvider.Sqlite
            ? throw new InferenceStartupException($"{GrainStateSetting} is PostgreSql and {LogSetting} is Sqlite. Set both to PostgreSql: grain state is kept in the log's database.")
            : new StorageProviders(log, grainState);
    }

    private static TProvider Read<TProvider>(IConfiguration configuration, string setting, TProvider otherwise)
        where TProvider : struct, Enum =>
        configuration[setting] is not { Length: > 0 } name ? otherwise
        : Enum.GetNames<TProvider>().FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } found ? Enum.Parse<TProvider>(found)
        : throw new InferenceStartupException($"{setting} is '{name}'. Set it to one of: {string.Join(", ", Enum.GetNames<TProvider>())}.");
}
